//! What the four readers of the file make of a line was measured with the readers themselves; this is the server's side.

use super::{Rule, Severity, parse};
use proptest::prelude::*;

fn rules(text: &str) -> Vec<(usize, Rule)> {
    parse(text.as_bytes()).problems.iter().map(|problem| (problem.line, problem.rule)).collect()
}

fn reads(text: &str, key: &str, value: &str) -> bool {
    parse(text.as_bytes()).entry(key).is_some_and(|entry| entry.value.as_ref().is_some_and(|read| read.0 == value))
}

#[test]
fn the_server_reads_these_values() {
    for (text, value) in [
        ("K=abc", "abc"),
        ("K=", ""),
        ("K=a=b", "a=b"),
        ("export K=abc", "abc"),
        ("  K = abc  ", "abc"),
        ("K=abc # c", "abc"),
        ("K=abc#c", "abc#c"),
        ("K= # c", "# c"),
        (r#"K="a\""#, "a\\"),
        ("K=\"a\\\\\"\nL=\"", "a\\\"\nL="),
        ("K=#c", "#c"),
        ("K=a b", "a b"),
        ("K='a # b' # c", "a # b"),
        (r#"K="a\nb\"c\q""#, "a\nb\"c\\q"),
        (r"K='a\nb\'c'", r"a\nb'c"),
        ("K=\"a\nb\"\n", "a\nb"),
        ("K=abc\r\n", "abc"),
        ("\u{feff}K=abc", "abc"),
        ("K=1\nK=2", "2"),
        ("'K'=abc", "abc"),
        ("# c\n\n\n  # d\nK=abc", "abc"),
        ("K=\"abc\nL=1\nK=abc", "abc"),
    ] {
        assert!(reads(text, "K", value), "{text:?}");
    }
}

#[test]
fn the_server_gets_nothing_from_these_lines() {
    for text in ["K", "K=\"abc\"def", "K=\"abc", "K='abc", "K abc", "=abc", "#K=abc", "K=1\nK"] {
        assert!(parse(text.as_bytes()).entry("K").is_none_or(|entry| entry.value.is_none()), "{text:?}");
    }
}

#[test]
fn every_line_that_another_reader_reads_otherwise_is_named_by_rule_and_line() {
    let lines: [(Rule, &[&str]); 18] = [
        (Rule::Export, &["export K=abc"]),
        (Rule::InlineComment, &["K=abc # c", "K=\"abc\" # c"]),
        (Rule::BlankInValue, &["K=a b"]),
        (Rule::ShellCharacter, &["K=a&b", "K=a;b", "K=$(cmd)", "K=a$$b", "K=~/x"]),
        (Rule::Expansion, &["K=${X}y", "K='${X}y'"]),
        (Rule::Quotes, &["K=\"abc\"", "K=ab'c"]),
        (Rule::UnbalancedQuotes, &["K=\"abc\"def", "K=\"abc"]),
        (Rule::MultiLine, &["K=\"a\nb\""]),
        (
            Rule::StrayBlank,
            &["K = abc", "K =abc", " K= abc ", "K=abc\u{a0}", "\u{b}K=abc", "K=abc\u{c}", "\u{b}", " \u{a0}", "\u{2003}# c"],
        ),
        (Rule::Backslash, &["K=a\\b", "# c \\"]),
        (Rule::NoEqualsSign, &["K", "K abc"]),
        (Rule::Unreadable, &["=abc"]),
        (Rule::IllegalName, &["K-1=abc", "1K=abc", "'K'=abc"]),
        (Rule::LowerCaseName, &["k=abc"]),
        (Rule::ShellName, &["UID=1000", "_=abc"]),
        (Rule::UnusualCharacter, &["K=a!b", "K=п"]),
        (Rule::ControlCharacter, &["K=a\u{7}b"]),
        (Rule::Nul, &["K=a\0b"]),
    ];
    for (rule, texts) in lines {
        for text in texts {
            let found = rules(&format!("A=1\n\n# comment\n{text}\nZ=9\n"));
            assert!(found.contains(&(4, rule)), "{text:?}: {found:?}");
        }
    }
    for text in ["K=abc  ", "   K=abc", "\tK=abc\t", "K= ", " \t "] {
        assert_eq!(rules(text), [], "{text:?}");
    }
    assert_eq!(rules(" K=a!b "), [(1, Rule::UnusualCharacter)]);
    assert_eq!(rules("A=1\r\nB=2\n"), [(1, Rule::CarriageReturn)]);
    assert_eq!(rules("\u{feff}A=1\n"), [(1, Rule::ByteOrderMark)]);
    assert_eq!(rules("A=1\nB=2\nA=3\nB=2\n"), [(3, Rule::DifferingDuplicate), (4, Rule::Duplicate)]);
}

#[test]
fn a_file_that_is_no_utf8_is_lost_as_a_whole() {
    let parsed = parse(b"A=1\nB=\xff\xfe\nC=3\n");
    assert!(parsed.entries.is_empty());
    assert_eq!(
        parsed.problems.iter().map(|problem| (problem.line, problem.rule, problem.severity)).collect::<Vec<_>>(),
        [(2, Rule::BadUtf8, Severity::Lost)]
    );
}

#[test]
fn a_value_comes_out_only_when_it_is_a_whole_release_version() {
    let version = |text: &str| parse(text.as_bytes()).entry("K").and_then(|entry| entry.value.as_ref()?.as_version());
    for text in ["K=2.0.0.4", "K='2.0.0.4'", "export K=2.0.0.4 # c", "K=1\nK=2.0.0.4"] {
        assert_eq!(version(text), Some(crate::ReleaseVersion::new([2, 0, 0, 4])), "{text:?}");
    }
    for text in ["K=", "K", "K=2.0.0", "K=v2.0.0.4", "K=' 2.0.0.4'", "K=2.0.0.4-s3cr3t", "K=2.0.0.4s3cr3t", "K=${X}", "K=02.0.0.4"] {
        assert_eq!(version(text), None, "{text:?}");
    }
}

#[test]
fn a_plain_name_is_told_and_nothing_that_could_be_a_key() {
    let name = |text: &str| {
        let parsed = parse(text.as_bytes());
        parsed.entry("K").and_then(|entry| entry.value.as_ref()?.as_plain_name().map(str::to_owned))
    };
    for (text, wanted) in [
        ("K=gemini-2.5-flash", "gemini-2.5-flash"),
        ("K='models/gemini-2.0-flash-001'", "gemini-2.0-flash-001"),
        ("K=gemini-2.5-flash-lite-preview-06-17", "gemini-2.5-flash-lite-preview-06-17"),
    ] {
        assert_eq!(name(text).as_deref(), Some(wanted));
    }
    for text in [
        "K=",
        "K",
        "K=gemini",
        "K=AIzaSyTEST-0123",
        "K=s3cr3ts3cr3ts3cr3t-x",
        "K=models/../secret",
        "K=a--b",
        "K=-a",
        "K=2.5-flash",
        "K=a b-c",
        "K=your-model-here",
        "K=models/models/a-b",
        "K=a-b:c",
    ] {
        assert_eq!(name(text), None, "{text:?}");
    }
    assert_eq!(name(&format!("K=a{}", "-b".repeat(32))), None);
}

#[test]
fn files_that_give_the_server_the_same_are_alike_whatever_else_they_say() {
    let alike = |one: &str, other: &str| parse(one.as_bytes()).assigns_alike(&parse(other.as_bytes()));
    for (one, other) in [("A=1\nB=2\n", "# c\nB='2'\nexport A=1\n"), ("A=1\nA=2\n", "A=2\n"), ("", "# c\n"), ("A\n", "")] {
        assert!(alike(one, other) && alike(other, one), "{one:?} {other:?}");
    }
    for (one, other) in [("A=1\n", "A=2\n"), ("A=1\n", "A=1\nB=\n"), ("A=a\n", "A=A\n"), ("A=1\n", "A\n")] {
        assert!(!alike(one, other) && !alike(other, one), "{one:?} {other:?}");
    }
}

#[test]
fn what_is_shown_of_a_file_never_holds_a_value() {
    let shown = format!("{:?}", parse(b"K=s3cr3t-value\nL='s3cr3t-value\n"));
    assert!(!shown.contains("s3cr3t"), "{shown}");
}

proptest! {
    #[test]
    fn the_portable_subset_is_never_a_problem_and_reads_back_exactly(
        pairs in proptest::collection::btree_map("N_[A-Z0-9_]{0,12}", "[A-Za-z0-9_./:@%+,=-]{0,24}", 0..8)
    ) {
        let text: String = pairs.iter().map(|(key, value)| format!("{key}={value}\n")).collect();
        let parsed = parse(text.as_bytes());
        prop_assert!(parsed.problems.is_empty());
        let read: Vec<(&str, Option<&str>)> =
            parsed.entries.iter().map(|entry| (entry.key.as_str(), entry.value.as_ref().map(|value| value.0.as_str()))).collect();
        let meant: Vec<(&str, Option<&str>)> = pairs.iter().map(|(key, value)| (key.as_str(), Some(value.as_str()))).collect();
        prop_assert_eq!(read, meant);
    }

    #[test]
    fn no_bytes_whatever_stop_the_reader_or_pass_unseen_outside_of_the_portable_subset(
        bytes in proptest::collection::vec(prop_oneof![Just(b'='), Just(b'"'), Just(b'\''), Just(b'\\'), Just(b'\n'), Just(b'#'), Just(b' '), Just(b'K'), any::<u8>()], 0..40)
    ) {
        let parsed = parse(&bytes);
        for (index, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
            let plain = line.trim_ascii().iter().all(|byte| byte.is_ascii_alphanumeric() || b"_./:@%+,=-".contains(byte));
            let first = line.iter().find(|byte| !b" \t\r".contains(byte));
            let skipped = first.is_none_or(|byte| *byte == b'#');
            let inside = parsed.problems.iter().any(|problem| problem.line <= index + 1 || problem.rule == Rule::BadUtf8);
            prop_assert!(plain || skipped || inside, "line {} of {bytes:?} passed unseen", index + 1);
        }
    }
}
