//! The search: what counts as a symptom, where it stands, and that pieces of a log make no difference.

use super::*;
use proptest::prelude::*;

fn book() -> Book {
    let entry = |id: &str, symptoms: &str| {
        format!(
            "id = {id}\ntitle = 'T {id}'\nsymptoms = [{symptoms}]\nstopped_by = [\"a-gate\"]\ncheck = [{{ note = \"look\" }}]\n\
             fix = [{{ command = \"x\" }}, {{ command = \"y\", on = \"vm\" }}, {{ command = \"z\", on = \"vm\" }}]\nverify = [{{ note = \"see\" }}]\nrulebook = \"S1 §5\"\n"
        )
    };
    let text = format!(
        "schema = \"nexy.incidents/1\"\n[[incident]]\ndate = \"x\"\n{}[[incident]]\n{}[[incident]]\n{}[[symptom]]\n{}",
        entry("1", r#""API_KEY", '"ffmpeg":false'"#),
        entry("2", r#"{ all = ["cannot open", "/main.py'"], unless = ["/server/main.py'"] }"#),
        entry("3", r#"{ all = ["cannot open", "/server/main.py'"] }"#),
        entry(r#""a-word""#, r#""Не удалось""#),
    );
    Book::parse(&text).expect("a book")
}

fn matcher() -> Matcher {
    Matcher::new(book()).expect("a search")
}

/// Id, count and first line of what a log shows.
fn hits(matcher: &Matcher, log: &[u8]) -> Vec<(String, u64, u64)> {
    matcher.scan_all(log).hits.iter().map(|hit| (hit.id().to_string(), hit.count, hit.first_line)).collect()
}

#[test]
fn the_known_incidents_are_read_and_searched() {
    assert!(Matcher::known().expect("the committed file").book().entries.len() > 49);
}

#[test]
fn a_file_of_another_form_is_refused() {
    for text in ["", "schema = \"nexy.incidents/9\"\nincident = []\nsymptom = []", "schema = \"nexy.incidents/1\"\nincident = [{ id = 1 }]"]
    {
        assert!(Book::parse(text).is_err(), "{text}");
    }
}

#[test]
fn incidents_are_grouped_with_a_count_of_lines_and_the_first_line() {
    let log = "fine\nAPI_KEY API_KEY\n\nНе удалось\r\nx API_KEY";
    assert_eq!(hits(&matcher(), log.as_bytes()), [("1".to_owned(), 2, 2), ("a-word".to_owned(), 1, 4)]);
    assert_eq!(hits(&matcher(), b""), []);
}

#[test]
fn one_symptom_with_two_causes_is_told_apart_by_what_else_stands_there() {
    for (line, ids) in [
        ("python3: cannot open '/srv/main.py': x", &["2"][..]),
        ("python3: cannot open '/srv/server/main.py': x", &["3"]),
        ("python3: cannot open '/srv/x.py': x", &[]),
        ("cannot open\n'/srv/main.py'", &[]),
    ] {
        let found: Vec<String> = hits(&matcher(), line.as_bytes()).into_iter().map(|(id, ..)| id).collect();
        assert_eq!(found, ids, "{line}");
    }
}

#[test]
fn a_symptom_is_found_however_a_journal_or_azure_spells_it() {
    let list = format!("{{\"MESSAGE\":{:?}}}", b"\x1b[31mAPI_KEY".to_vec()).replace(' ', "");
    for line in [
        r#"{"MESSAGE":"x \"ffmpeg\":false"}"#,
        r#"{"ffmpeg":false}"#,
        r#"      "message": "Enable succeeded: \n[stdout]\nAPI_KEY\n\n[stderr]\n","#,
        r#"{"MESSAGE":"{\"msg\":\"\\u0041PI_KEY API_KEY\"}"}"#,
        r#"{"msg":"\u041d\u0435 \u0443\u0434\u0430\u043b\u043e\u0441\u044c"}"#,
        list.as_str(),
        "bytes \u{0} API_KEY",
    ] {
        assert_eq!(hits(&matcher(), line.as_bytes()).len(), 1, "{line}");
    }
    assert_eq!(hits(&matcher(), b"\xff\xfeAPI_KEY\xff").len(), 1);
}

#[test]
fn what_a_line_quotes_is_no_symptom() {
    for line in [
        r#"10.0.0.1 - - [x] "GET /?q=API_KEY HTTP/1.1" 404 9 "-" "API_KEY""#,
        r#"{"event":"chat","text":"why API_KEY?"}"#,
        "+ grep API_KEY journal",
        "a commit: HEAD is now at 1a2b3c API_KEY is read",
    ] {
        assert_eq!(hits(&matcher(), line.as_bytes()), [], "{line}");
    }
}

#[test]
fn a_long_line_is_cut_and_what_stands_across_a_seam_is_found_once() {
    for at in [0, PIECE_BYTES - 3, PIECE_BYTES, 3 * PIECE_BYTES] {
        let mut log = vec![b'x'; 4 * PIECE_BYTES];
        log[at..at + 7].copy_from_slice(b"API_KEY");
        log.extend_from_slice(b"\nAPI_KEY\n");
        let matcher = matcher();
        let scanned = matcher.scan_all(&log);
        assert_eq!((scanned.lines, scanned.cut_lines, scanned.bytes), (2, 1, log.len() as u64));
        assert_eq!((scanned.hits.len(), scanned.hits[0].count, scanned.hits[0].first_line), (1, 2, 1), "{at}");
    }
}

#[test]
fn words_are_looked_up_in_any_case_and_short_ones_are_not() {
    let book = book();
    let ids = |words: &str| -> Vec<String> { book.look_up(words).iter().map(|(entry, _)| entry.id.to_string()).collect() };
    assert_eq!(ids("cannot OPEN"), ["2", "3"]);
    assert_eq!(ids("не уд"), ["a-word"]);
    assert_eq!((ids("T 1"), ids("t \"a-WORD"), ids("nothing of it")), (vec![], vec!["a-word".to_owned()], vec![]));
}

#[test]
fn people_read_where_it_stands_what_to_do_and_on_which_machine() {
    let matcher = matcher();
    let scanned = matcher.scan_all(b"secret API_KEY\nAPI_KEY");
    let diagnosis = Diagnosis::new(scanned.hits.iter().map(Found::in_log).collect());
    let expected = "\
incident 1: T 1
Line         1, and 1 more
Symptom      API_KEY
Check        look
Fix
             x
             on the VM:
             y
             z
Verify       see
Stopped by   a-gate
Rulebook     S1 §5

one known incident
";
    assert_eq!(text(&diagnosis), expected);
    assert!(text(&Diagnosis::new(Vec::new())).is_empty());
}

proptest! {
    #[test]
    fn where_a_piece_ends_makes_no_difference(
        lines in prop::collection::vec("(x{0,9}|API_KEY|API_|KEY|\"ffmpeg\":false|\\PC{0,9}){0,4}", 0..9),
        ends in prop::collection::vec(0..200_usize, 0..9),
    ) {
        let matcher = matcher();
        let log = lines.join("\n");
        let mut scan = matcher.scan();
        let mut rest = log.as_bytes();
        for end in ends {
            let (piece, after) = rest.split_at(end.min(rest.len()));
            scan.feed(piece);
            rest = after;
        }
        scan.feed(rest);
        let (whole, pieces) = (matcher.scan_all(log.as_bytes()), scan.finish());
        prop_assert_eq!(format!("{:?}", pieces.hits), format!("{:?}", whole.hits));
        prop_assert_eq!((pieces.lines, pieces.bytes, pieces.cut_lines), (whole.lines, whole.bytes, whole.cut_lines));
    }
}
