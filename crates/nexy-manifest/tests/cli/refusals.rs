//! Input that is not a usable record ends every verb that reads one with 65, and changes nothing.

use crate::published::{files, published, written};
use nexy_standin::world::World;
use serde_json::json;

#[test]
fn input_that_is_not_a_record_ends_every_verb_with_65_and_prints_nothing() {
    let world = World::new();
    let record = written(&world).to_string();
    let before = files(&world);
    let cut = record[..record.len() / 2].to_owned();
    let mut doubled = written(&world);
    doubled["artifacts"] = json!([doubled["artifacts"][0], doubled["artifacts"][0]]);
    let inputs = [
        (String::new(), "nothing came"),
        ("\n \n".to_owned(), "nothing came"),
        (cut, "cut off"),
        ("[]".to_owned(), "does not start with"),
        (record.replace("nexy.release/1", "nexy.report/1"), "calls itself `nexy.report/1`"),
        (record.replace("nexy.release/1", "nexy.release/2"), "newer than"),
        (record.replacen('{', "{\"surprise\":1,", 1), "unknown field `surprise`"),
        (record.replacen("\"verdict\":\"pass\"", "\"verdict\":\"unknown\"", 1), "contradicts itself"),
        (record.replace("\"v2.0.0.4\"", "\"v2.0.0.5\""), "contradicts itself"),
        (doubled.to_string(), "Nexy.dmg stands there twice"),
        (format!("{record}{record}"), "not nexy.release/1"),
        (record.replacen("\"vm\":\"", "\"vm\":\"Old", 1), "made for the target"),
    ];
    for arguments in
        [vec!["write", "-"], vec!["payload", "-"], vec!["delivered", "answer.json", "-"], vec!["delivered", "--failed", "69", "-"]]
    {
        for (input, says) in &inputs {
            world.tool("nexy-manifest").args(arguments.clone()).stdin(input).run().exits(65).says(says).silent_stdout();
        }
    }
    assert_eq!(files(&world), before);
}

#[test]
fn a_stopped_record_is_forwarded_byte_for_byte_with_the_gravest_code() {
    let world = World::new();
    let mut record = published(&world);
    for (exit, code) in [(1, 1), (3, 3), (4, 4), (69, 69), (70, 70), (75, 75)] {
        record["outcomes"][0]["exit"] = exit.into();
        let input = format!("\n{record:#}\n\n");
        for arguments in [vec!["write", "-"], vec!["delivered", "answer.json", "-"], vec!["delivered", "--failed", "69", "-"]] {
            let ran = world.tool("nexy-manifest").args(arguments).stdin(&input).run();
            ran.exits(code).says("passed on as it came");
            assert_eq!(ran.stdout, input);
        }
    }
}
