//! What the known incidents find: every symptom of the rulebooks and every text that was seen, and nothing in logs of healthy days.

use crate::repository;
use nexy_contract::incidents::Matcher;

const HEALTHY: [&str; 7] = ["boot", "journal.json", "requests", "deploy", "pip", "git", "gh"];

/// Every text, as it was seen or as a rulebook spells it, and the ids to which it leads, in the order of the file.
const SEEN: &[(&str, &[&str])] = &[
    // S0 §5 and S1 §1 to §9, heading by heading.
    ("`az vm run-command invoke` returns auth/subscription error.", &["azure-login"]),
    ("ERROR: Please run 'az login' to setup account.", &["azure-login"]),
    ("ERROR: AADSTS700082: The refresh token has expired due to inactivity.", &["azure-login"]),
    ("ERROR: (AuthorizationFailed) The client 'x' does not have authorization to perform action", &["azure-login"]),
    ("ERROR: (ResourceGroupNotFound) Resource group 'x' could not be found.", &["azure-vm"]),
    ("ERROR: (ResourceNotFound) The Resource 'Microsoft.Compute/virtualMachines/x' under resource group 'y' was not found.", &["azure-vm"]),
    ("ERROR: (OperationNotAllowed) Cannot modify extensions in the VM when the VM is not running.", &["azure-vm"]),
    ("Message: Last script execution didn't finish.", &["run-command-unfinished"]),
    ("Enable failed: failed to execute command: command terminated with exit status=1", &["run-command-unfinished"]),
    ("VM deploy command failed", &["run-command-unfinished"]),
    ("Service not active after restart", &["service-not-active"]),
    ("bash: az: command not found", &["azure-cli"]),
    ("Push exists, deploy workflow not started.", &["workflow-not-started"]),
    ("could not find any workflows named deploy", &["workflow-not-started"]),
    ("Import/runtime errors after deploy.", &["dependency-mismatch"]),
    ("ImportError: cannot import name 'genai' from 'google' (unknown location)", &["dependency-mismatch"]),
    ("ModuleNotFoundError: No module named 'modules.text_processing.prompts'", &["13"]),
    ("ERROR: No matching distribution found for grpcio<2,>=1.75.1", &["dependency-mismatch"]),
    ("grpcio-status 1.62.0 has requirement protobuf>=4.21.6, but you have protobuf 3.20.3.", &["dependency-mismatch"]),
    ("ERROR: ResolutionImpossible: for help visit the page of pip", &["dependency-mismatch"]),
    ("/health returns old latest_version/latest_build.", &["wrong-version"]),
    ("`/health` returns old `latest_version/latest_build`.", &["wrong-version"]),
    ("FAIL    local-health: latest_version is 2.0.0.4", &["wrong-version"]),
    ("`voice-assistant` not active after deploy.", &["service-not-active"]),
    ("systemd[1]: nexy.service: Failed with result 'exit-code'.", &["service-not-active"]),
    ("     Active: failed (Result: exit-code) since Tue 2026-03-10", &["service-not-active"]),
    ("nexy.service: Main process exited, code=exited, status=203/EXEC", &["20"]),
    ("OSError: [Errno 98] error while attempting to bind on address ('127.0.0.1', 8081): address already in use", &["service-not-active"]),
    ("Logs contain `API_KEY_INVALID` / `API key expired`.", &["29", "36"]),
    ("google.genai.errors.ClientError: API key expired", &["29"]),
    (
        "google.genai.errors.ClientError: 400 INVALID_ARGUMENT. {'error': {'message': 'API key not valid.', 'details': [{'reason': 'API_KEY_INVALID'}]}}",
        &["29", "36"],
    ),
    (r#"{"error": {"code": 400, "message": "API key expired. Please renew the API key.", "status": "INVALID_ARGUMENT"}}"#, &["29"]),
    ("PermissionError: [Errno 13] Permission denied: '/srv/voice-assistant/config.env'", &["21"]),
    ("`PermissionError ... /srv/voice-assistant/config.env`", &["21"]),
    ("python3: can't open file '/srv/server/server/main.py': [Errno 2] No such file or directory", &["20"]),
    ("python3: can't open file '/srv/main.py': [Errno 2] No such file or directory", &["20"]),
    ("python3: can't open file '/srv/server/main.py': [Errno 2] No such file or directory", &["layout-changed"]),
    ("`can't open file ... server/server/main.py` или `.../main.py`", &["20"]),
    ("python3: can't open file '/srv/server/server/scripts/publish_assets_and_sync.py': [Errno 2]", &["26"]),
    ("`python3: can't open file ... publish_assets_and_sync.py`.", &["26"]),
    ("RuntimeError: Не удалось инициализировать TextProcessor", &["29"]),
    ("`TextProcessor` initialization fails.", &["29"]),
    ("gRPC service initialization failed right after startup.", &["29"]),
    ("ERROR: (Conflict) Run command extension execution is in progress. Please wait for completion", &["19"]),
    ("/bin/sh: 1: set: Illegal option -o pipefail", &["18"]),
    ("script.sh: 7: [[: not found", &["18"]),
    ("Publish flow fails: inbox/artifact not found.", &["inbox"]),
    ("Script fails with `Inbox directory not found`.", &["inbox"]),
    ("`gh auth required`, `401/403`, upload failed.", &["github-login"]),
    ("To get started with GitHub CLI, please run:  gh auth login", &["github-login"]),
    ("HTTP 401: Bad credentials (https://api.github.com/repos/x/y/releases)", &["github-login"]),
    ("`HTTP 401/403` on upload.", &["github-login"]),
    ("authentication required", &["github-login"]),
    (r#"{"message":"Bad credentials","documentation_url":"https://docs.github.com/rest","status":"401"}"#, &["github-login"]),
    ("fatal: Authentication failed for 'https://github.com/x/y.git/'", &["github-login"]),
    ("gh: command not found", &["github-cli"]),
    ("release not found", &["github-not-found"]),
    ("HTTP 404: Not Found (https://api.github.com/repos/x/y/releases/tags/Update)", &["github-not-found"]),
    ("HTTP 403: API rate limit exceeded for user ID 1.", &["github-login", "github-quota"]),
    ("Release uploaded, but appcast/manifest mismatch.", &["manifest-mismatch"]),
    // S2 §4, what is left of it.
    ("Assets published to unexpected repo or URL.", &["wrong-repository"]),
    ("Uploaded. URL: https://github.com/x/Nexy_server/releases/download/Update/Nexy.dmg", &["wrong-repository"]),
    ("Script completed, but manifest commit appeared in wrong GitHub repository.", &["41"]),
    ("`ValueError: illegal environment variable name` from `unified_config.py`.", &["17"]),
    ("`/updates/appcast.xml` returns old artifact URL or outdated size.", &["manifest-mismatch"]),
    ("Client update fails with `HTTP 404` or size mismatch.", &["manifest-mismatch"]),
    // S0 §3 and S2 §3.
    ("fatal: detected dubious ownership in repository at '/srv/voice-assistant'", &["git-owner"]),
    ("error: pathspec 'v2.0.0.60' did not match any file(s) known to git", &["git-tag"]),
    (" ! [rejected]         v2.0.0.5 -> v2.0.0.5  (would clobber existing tag)", &["git-tag"]),
    ("error: Your local changes to the following files would be overwritten by checkout:", &["git-local-changes"]),
    ("pg_dump: error: connection to server at \"127.0.0.1\", port 5432 failed", &["database-backup"]),
    ("OSError: [Errno 28] No space left on device", &["disk-full"]),
    // Incidents by number.
    (r#"<enclosure url="x" sparkle:version="1001" length="9"/>"#, &["1"]),
    (r#"    "url": "http://localhost:8080/artifacts/test-update.txt","#, &["2"]),
    ("NameError: name 'get_config' is not defined", &["3"]),
    ("PermissionError: [Errno 13] Permission denied: '/srv/voice-assistant/updates/downloads'", &["4"]),
    ("<head><title>502 Bad Gateway</title></head>", &["5"]),
    ("Размер файла не совпадает: ожидалось 97356894, получено 97368441", &["6"]),
    (r#"<enclosure url="https://example.org/updates/downloads/Nexy.dmg" length="1126400"/>"#, &["7"]),
    ("curl: (28) Connection timed out after 10002 milliseconds", &["8"]),
    ("google.genai.errors.ClientError: 429 RESOURCE_EXHAUSTED. You exceeded your current quota", &["10"]),
    (r#"203.0.113.9 - - [12/Jan/2026:10:00:00 +0000] "PRI * HTTP/2.0" 400 157 "-" "-""#, &["11"]),
    ("<item><title>Version 1.0.1</title>", &["14"]),
    ("update_failed: URL must be HTTPS", &["15"]),
    ("404 on https://github.com/x/y/releases/download/v1.6.1.34/Nexy.dmg", &["16"]),
    ("requests.exceptions.HTTPError: HTTP 404: Not Found", &["16"]),
    ("google.protobuf.runtime_version.VersionError: Detected incompatible Protobuf Gencode/Runtime versions", &["22"]),
    (
        "RuntimeError: The grpc package installed is at version 1.62.0, but the generated code in x_pb2_grpc.py depends on grpcio>=1.75.1",
        &["22"],
    ),
    ("error: failed to push some refs to 'https://github.com/x/y.git'", &["23"]),
    ("urllib3.exceptions.MaxRetryError: too many redirects", &["25"]),
    ("SHA256 хеш не совпадает", &["28"]),
    ("SKIP: publisher already running", &["30"]),
    (r#"psycopg2.errors.UndefinedTable: relation "token_usage" does not exist"#, &["31"]),
    ("ERROR:  permission denied for table users", &["31"]),
    ("Code: ReadOnlyDisabledSubscription", &["32"]),
    (r#"{"status":"OK","latest_version":"2.0.0.4","ffmpeg_available":false}"#, &["39"]),
    ("  status: Invalid", &["42"]),
    ("500 Error generating AppCast XML", &["43"]),
    ("    enclosure url=https://github.com/x/y/releases/download/v1.6.1.42/Nexy.dmg", &["44"]),
    ("[Errno 8] nodename nor servname provided, or not known", &["45"]),
    ("script.sh: 12: Syntax error: Unterminated quoted string", &["47"]),
    ("remote:   - Push cannot contain secrets", &["49"]),
    // The same in other clothes.
    (r#"{"_PID":"7","MESSAGE":"PermissionError: [Errno 13] Permission denied: '/srv/config.env'","PRIORITY":"6"}"#, &["21"]),
    (
        r#"{"msg": "\u0420\u0430\u0437\u043c\u0435\u0440 \u0444\u0430\u0439\u043b\u0430 \u043d\u0435 \u0441\u043e\u0432\u043f\u0430\u0434\u0430\u0435\u0442"}"#,
        &["6"],
    ),
    (
        r#"      "message": "Enable succeeded: \n[stdout]\n{\"ffmpeg_available\": false}\n\n[stderr]\nset: Illegal option -o pipefail","#,
        &["18", "39"],
    ),
];

/// Lines that hold the words of a symptom and are none: words of a client, or of another program.
const NEAR_MISSES: &[&str] = &[
    r#"198.51.100.7 - - [10/Mar/2026:06:31:00 +0000] "GET /search?q=API_KEY_INVALID HTTP/1.1" 404 153 "-" "API key expired""#,
    r#"198.51.100.7 - - [10/Mar/2026:06:31:00 +0000] "GET /releases/download/v1.6.1.34/ HTTP/1.1" 404 153 "-" "HTTP 404: Not Found""#,
    r#"2026/03/10 [error] 7#7: *9 open() "/usr/share/nginx/html/API_KEY_INVALID" failed (2: No such file or directory), client: 198.51.100.7"#,
    "2026-03-10 INFO - http - GET /?m=ReadOnlyDisabledSubscription 404 1 ms",
    r#"{"time":"x","request":"GET /artifacts/test-update.txt HTTP/1.1","status":"404","http_user_agent":"curl: (28)"}"#,
    r#"{"level":"info","event":"chat","text":"my log says: API_KEY_INVALID, PermissionError /config.env. What now?"}"#,
    r#"{"MESSAGE":"{\"event\":\"chat\",\"prompt\":\"what is HTTP 401: Bad credentials?\"}","_PID":"7"}"#,
    r#"  "content": "Run command extension execution is in progress","#,
    r#"{"MESSAGE":"10.0.0.1 \"POST /a HTTP/1.1\" 200 \"API key expired\""}"#,
    "sudo[7]: azureuser : COMMAND=/usr/bin/grep API_KEY_INVALID /var/log/syslog",
    "HEAD is now at 2a092b5 fix: API key expired is told to the user",
    "+ grep -E 'API_KEY_INVALID|API key expired' journal",
    "cat: notes: Permission denied",
    "-rw-r----- 1 root azureuser 4096 config.env",
    "Interactive authentication required.",
    "server/main.py: opened, can open file",
    r#"{"status":"OK","latest_version":"2.0.0.4","latest_build":"2.0.0.4","ffmpeg_available":true}"#,
    r#"203.0.113.9 - - "PRI * HTTP/2.0" 200 0"#,
    "TextProcessor инициализирован",
];

fn ids(matcher: &Matcher, log: &[u8]) -> Vec<String> {
    matcher.scan_all(log).hits.iter().map(|hit| hit.entry.id.to_string()).collect()
}

#[test]
fn a_text_that_was_really_seen_leads_to_its_incident_and_to_no_other() {
    let matcher = Matcher::known().unwrap();
    let led = SEEN.iter().map(|(seen, wanted)| (seen, wanted, ids(&matcher, seen.as_bytes())));
    let wrong: Vec<String> =
        led.filter(|(_, wanted, found)| found != *wanted).map(|(seen, _, found)| format!("{seen} -> {found:?}")).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_entry_with_a_symptom_has_a_text_that_leads_to_it() {
    let matcher = Matcher::known().unwrap();
    for entry in matcher.book().entries.iter().filter(|entry| !entry.symptoms.is_empty()) {
        let id = entry.id.to_string();
        assert!(SEEN.iter().any(|(_, wanted)| wanted.contains(&id.as_str())), "no text leads to {id}");
    }
}

#[test]
fn logs_of_healthy_days_show_no_incident() {
    let matcher = Matcher::known().unwrap();
    for name in HEALTHY {
        let log = repository::text(&format!("tests/rules/tests/healthy/{name}.log"));
        let scanned = matcher.scan_all(log.as_bytes());
        assert!(scanned.lines > 150, "{name} has only {} lines", scanned.lines);
        let found: Vec<String> =
            scanned.hits.iter().map(|hit| format!("{name}:{} {}: {}", hit.first_line, hit.entry.id, hit.symptom)).collect();
        assert!(found.is_empty(), "{found:#?}");
        // A search that has gone blind would pass as well.
        let broken = format!("{log}PermissionError: [Errno 13] Permission denied: '/srv/config.env'\n");
        assert_eq!(ids(&matcher, broken.as_bytes()), ["21"], "{name}");
    }
}

#[test]
fn words_that_somebody_else_says_are_no_symptom() {
    let matcher = Matcher::known().unwrap();
    for line in NEAR_MISSES {
        assert_eq!(ids(&matcher, line.as_bytes()), [""; 0], "{line}");
    }
}
