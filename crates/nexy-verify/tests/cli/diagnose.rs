//! `diagnose`: a log on standard input or in a file, words that are looked up, and every way of not knowing.

use nexy_standin::world::{Ran, World};

const LOG: &str = "fine\nkey sk-9f secret PermissionError: [Errno 13] Permission denied: '/srv/config.env'\n\
                   PermissionError: [Errno 13] Permission denied: '/srv/config.env'\nset: Illegal option -o pipefail\n";

fn diagnose(world: &World, words: &[&str], log: impl AsRef<[u8]>) -> Ran {
    world.tool("nexy-verify").bare().dir(world.home()).arg("diagnose").args(words.iter().copied()).stdin(log).run()
}

#[test]
fn known_incidents_are_printed_with_their_lines_and_never_with_the_log() {
    let world = World::new();
    let ran = diagnose(&world, &["-"], LOG);
    ran.exits(1).never_says("sk-9f");
    assert!(!ran.stdout.contains("sk-9f"), "{ran}");
    let document = ran.json();
    assert_eq!(document["schema"], "nexy.diagnosis/1");
    let (first, second) = (&document["found"][0], &document["found"][1]);
    assert_eq!((&first["id"], &first["count"], &first["first_line"]), (&"21".into(), &2.into(), &2.into()));
    assert_eq!((&second["id"], &second["first_line"]), (&"18".into(), &4.into()));
    assert_eq!((&first["symptom"], &first["stopped_by"][0]), (&"PermissionError … /config.env".into(), &"config-env-access".into()));
    std::fs::write(world.home().join("a log"), LOG).expect("written");
    let told = diagnose(&world, &["a log", "--format", "text"], "");
    told.exits(1)
        .prints("incident 21: ")
        .prints("Line         2, and 1 more")
        .prints("S0 §5.8, S1 §6.1")
        .prints("2 known incidents")
        .never_says("sk-9f");
    assert!(!told.stdout.contains("sk-9f"), "{told}");
}

#[test]
fn a_log_without_a_known_incident_is_unknown_and_never_well() {
    let world = World::new();
    let ran = diagnose(&world, &["-"], "all is well\n");
    ran.exits(69).says("no known incident stands in standard input").says("no proof that all is well");
    assert_eq!(ran.json()["found"], serde_json::json!([]));
    diagnose(&world, &["-"], "").exits(69).says("standard input is empty");
    diagnose(&world, &["nothing.log"], LOG).exits(69).says("cannot read nothing.log").says("no such file");
    diagnose(&world, &["/"], "").exits(69).says("cannot read /");
    diagnose(&world, &[], LOG).exits(2).silent_stdout();
    diagnose(&world, &["-", "--text", "x"], LOG).exits(2).silent_stdout();
}

#[test]
fn words_are_looked_up_without_a_log() {
    let world = World::new();
    let ran = diagnose(&world, &["--text", "permissionerror"], "");
    ran.exits(1);
    let ids: Vec<String> = ran.json()["found"].as_array().expect("a list").iter().map(|found| found["id"].to_string()).collect();
    assert_eq!(ids, [r#""4""#, r#""21""#]);
    diagnose(&world, &["--text", "HTTP 401: Bad credentials (x)", "--format", "text"], "")
        .exits(1)
        .prints("github-login: ")
        .prints("S1 §8");
    diagnose(&world, &["--text", "nothing of the kind"], "").exits(69).says("no known incident goes with these words");
}
