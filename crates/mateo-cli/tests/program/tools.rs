//! Config, doctor, completions, manual pages, help, exit codes.

use mateo_sandbox::{Endpoint, Fault, Limits};
use snapbox::str;

use crate::support::{ROWS, bare, mateo, sandbox_of, serve, serve_with, stdout_of};

#[test]
fn config_says_where_each_setting_comes_from_and_never_the_key() {
    bare(&["--max-rps", "1", "config"])
        .env("MATEO_API_KEY", "tell-nobody")
        .env("MATEO_MAX_PER_DAY", "500")
        .assert()
        .success()
        .stdout_eq(str![[r#"
SETTING          VALUE                                                FROM
base-url         https://integration.getmateo.com                     default
api-key          set, not shown                                       environment, MATEO_API_KEY
max-rps          1                                                    --max-rps
max-per-day      500                                                  environment, MATEO_MAX_PER_DAY
request-timeout  2m                                                   default
attempts         5                                                    default
color            auto                                                 default
budget           500 requests left today, kept in this process alone  environment, MATEO_BUDGET
time-zone        UTC                                                  environment, TZ

settings file: /dev/null

"#]])
        .stderr_eq("");
    let json = stdout_of(bare(&["config", "-o", "json"]).env("MATEO_API_KEY", "tell-nobody"));
    let settings: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(settings["api-key"]["value"], "set, not shown");
    assert!(!json.contains("tell-nobody"));
}

#[test]
fn a_password_in_the_address_is_not_shown() {
    let url = "https://me:secret@api.example";
    let text = stdout_of(bare(&["--base-url", url, "config"]));
    assert!(text.contains("api.example") && !text.contains("secret"), "{text}");
    let output = bare(&["--base-url", url, "imports", "list"])
        .env("MATEO_API_KEY", "k")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(!String::from_utf8_lossy(&output.stderr).contains("secret"));
}

#[test]
fn settings_that_can_not_be_read() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("c.toml"), "max-rps = 2\nbase_url = \"x\"\n").unwrap();
    bare(&["--config", "c.toml", "config"])
        .current_dir(dir.path())
        .assert()
        .code(9)
        .stdout_eq("")
        .stderr_eq(str![[r#"
error: c.toml, line 2: unknown field 'base_url', expected one of 'base-url', 'api-key-file', 'max-rps', 'max-per-day', 'budget', 'request-timeout', 'attempts', 'color'
help: 'mateo help config' shows what may stand there

"#]]);
    bare(&["--config", "none.toml", "config"])
        .current_dir(dir.path())
        .assert()
        .code(9)
        .stdout_eq("")
        .stderr_eq(str![[r#"
error: could not read the settings in none.toml: no such file or directory
help: check --config or MATEO_CONFIG

"#]]);
    bare(&["config"])
        .env("MATEO_MAX_RPS", "two")
        .assert()
        .code(2)
        .stdout_eq("")
        .stderr_eq(str![[r#"
error: MATEO_MAX_RPS is 'two', which can't be read
help: see --max-rps in mateo --help

"#]]);
}

#[test]
fn doctor_finds_nothing() {
    let served = serve_with(Endpoint::builder(sandbox_of(ROWS)));
    let text = stdout_of(mateo(&served, &["doctor"])).replace(&served.url, "URL");
    snapbox::assert_data_eq!(
        text,
        str![[r#"
ok    settings  read from /dev/null
ok    address   URL (environment, MATEO_BASE_URL)
ok    key       found (environment, MATEO_API_KEY)
ok    budget    10,000 requests left today, kept in this process alone
ok    server    answers in [..]s, takes the key, has 6 imports
ok    clock     agrees with the server's
ok    limits    1 of 2 requests left, reset in [..]s
ok    rows      the newest 6 rows hold what this program knows and nothing else

"#]]
    );
}

#[test]
fn doctor_finds_what_is_new_and_what_is_off() {
    let served = serve_with(
        Endpoint::builder(sandbox_of(ROWS))
            .limits(Limits::none())
            .fault(Fault::UnknownColumn)
            .fault(Fault::UnknownType)
            .fault(Fault::ClockAhead),
    );
    let text = stdout_of(mateo(&served, &["doctor"])).replace(&served.url, "URL");
    snapbox::assert_data_eq!(
        text,
        str![[r#"
ok    settings  read from /dev/null
ok    address   URL (environment, MATEO_BASE_URL)
ok    key       found (environment, MATEO_API_KEY)
ok    budget    10,000 requests left today, kept in this process alone
ok    server    answers in [..]s, takes the key, has 6 imports
note  clock     this machine's is [..] behind the server's
                set it (NTP): ages and --since 2d go by this machine's
note  limits    the server states none
                this program keeps to --max-rps
note  rows      the server has columns that this program doesn't know: newer
                ndjson and json have them, csv and table with --select; look for a newer mateo
note  rows      the server has types that this program doesn't know: note_details
                --query 'type=eq.NAME' finds them

"#]]
    );
}

#[test]
fn doctor_says_what_to_do() {
    let served = serve(ROWS);
    bare(&["doctor"])
        .assert()
        .code(3)
        .stdout_eq(str![[r#"
ok    settings  read from /dev/null
ok    address   https://integration.getmateo.com (default)
bad   key       no API key
                set MATEO_API_KEY, run 'mateo login', or try without a key: mateo --sandbox imports list
-     budget    needs the key
-     server    nothing was sent

"#]])
        .stderr_eq("");
    let wrong = mateo(&served, &["doctor"])
        .env("MATEO_API_KEY", "wrong-key")
        .output()
        .unwrap();
    assert_eq!(wrong.status.code(), Some(3));
    let text = String::from_utf8(wrong.stdout)
        .unwrap()
        .replace(&served.url, "URL");
    snapbox::assert_data_eq!(
        text,
        str![[r#"
ok    settings  read from /dev/null
ok    address   URL (environment, MATEO_BASE_URL)
ok    key       found (environment, MATEO_API_KEY)
ok    budget    10,000 requests left today, kept in this process alone
bad   server    the server rejected the API key: the server answered 403: the API key is not valid (FORBIDDEN)
                check the key for a missing character, or make a new one; check MATEO_API_KEY or the key's file
-     clock     needs the server's answer
-     limits    needs the server's answer
-     rows      needs the server's answer

"#]]
    );
}

#[test]
fn every_shell_has_completions() {
    for (shell, sign) in [
        ("bash", "complete -o nospace"),
        ("zsh", "#compdef mateo"),
        ("fish", "complete --keep-order"),
        ("powershell", "Register-ArgumentCompleter"),
        ("elvish", "edit:completion"),
    ] {
        let text = stdout_of(bare(&["completions", shell]));
        assert!(
            text.contains(sign) && text.contains("MATEO_COMPLETE"),
            "{shell}: {text}"
        );
    }
}

#[test]
fn completions_know_columns_types_states_and_orders() {
    let of = |words: &[&str]| {
        let index = words.len().to_string();
        let text = stdout_of(
            bare(&[&["--", "mateo"], words].concat())
                .env("MATEO_COMPLETE", "bash")
                .env("_CLAP_IFS", "\n")
                .env("_CLAP_COMPLETE_INDEX", index),
        );
        text.lines().map(str::to_owned).collect::<Vec<_>>().join(" ")
    };
    let list = |words: &[&str]| of(&[&["imports", "list"], words].concat());
    assert_eq!(list(&["--where", "fail"]), "failed_url= failed_count>=");
    assert_eq!(list(&["--where", "type=c"]), "type=contact_details");
    assert_eq!(list(&["--type", "deal,a"]), "deal,appointment");
    assert_eq!(list(&["--state", "f"]), "finished failed");
    assert_eq!(
        list(&["--order", "id,success"]),
        "id,success_count.asc id,success_count.desc"
    );
    assert_eq!(list(&["--select", "id,ref"]), "id,reference_id");
    assert!(of(&["imports", ""]).contains("failures"));
}

#[cfg(target_os = "linux")]
#[test]
fn completions_know_the_ids_that_a_terminal_showed() {
    let served = serve(ROWS);
    let dir = tempfile::tempdir().unwrap();
    let cache = dir.path().to_str().unwrap();
    crate::support::in_terminal_with(&served, "imports list", &[("XDG_CACHE_HOME", cache)]);
    let asked = served.endpoint.counters().requests;
    let text = stdout_of(
        mateo(&served, &["--", "mateo", "imports", "get", "d4"])
            .env("XDG_CACHE_HOME", cache)
            .env("MATEO_COMPLETE", "bash")
            .env("_CLAP_COMPLETE_INDEX", "3"),
    );
    assert_eq!(text.trim_end(), "d419c772-3226-4b94-bc3a-e353fb14628e");
    assert_eq!(served.endpoint.counters().requests, asked);
}

#[test]
fn what_people_try_is_answered_with_what_to_write() {
    let of = |args: &[&str]| {
        let output = bare(args).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        String::from_utf8(output.stderr).unwrap()
    };
    snapbox::assert_data_eq!(
        of(&["imports", "list", "--json"]),
        str![[r#"
error: there is no option --json
help: write --output json, or -o json

"#]]
    );
    snapbox::assert_data_eq!(
        of(&["list", "--failed"]),
        str![[r#"
error: 'list' is a command of 'mateo imports'
help: write: mateo imports list

"#]]
    );
}

#[cfg(unix)]
#[test]
fn a_key_is_kept_for_its_owner_alone_and_found_and_removed() {
    use std::os::unix::fs::PermissionsExt as _;
    let served = serve(ROWS);
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path().to_str().unwrap().to_owned();
    let run = |args: &[&str]| {
        mateo(&served, args)
            .env_remove("MATEO_API_KEY")
            .env("XDG_CONFIG_HOME", &at)
    };
    run(&["login"])
        .stdin("Bearer test-key\n")
        .assert()
        .code(3)
        .stdout_eq("");
    run(&["login"])
        .stdin("test-key\n")
        .assert()
        .success()
        .stdout_eq("");
    let key = dir.path().join("mateo/key");
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&key), mode(key.parent().unwrap())), (0o600, 0o700));
    let text = stdout_of(run(&["doctor"]));
    assert!(
        text.contains("key       found (mateo login)") && text.contains("takes the key"),
        "{text}"
    );
    let text = stdout_of(run(&["config"]));
    assert!(
        text.contains("mateo login") && !text.contains("test-key"),
        "{text}"
    );
    run(&["logout"]).assert().success();
    assert!(!key.exists());
    run(&["logout"]).assert().success();
    run(&["imports", "list"]).assert().code(3);
}

#[test]
fn every_command_has_a_manual_page() {
    let dir = tempfile::tempdir().unwrap();
    bare(&["man", "--dir", dir.path().to_str().unwrap()])
        .assert()
        .success()
        .stdout_eq("")
        .stderr_eq("");
    for name in [
        "mateo",
        "mateo-imports",
        "mateo-imports-list",
        "mateo-imports-download",
        "mateo-sandbox",
        "mateo-doctor",
    ] {
        let page = std::fs::read_to_string(dir.path().join(format!("{name}.1"))).unwrap();
        assert!(page.contains(".SH NAME"), "{name}");
    }
    assert!(stdout_of(bare(&["man"])).contains(".TH mateo 1"));
}
