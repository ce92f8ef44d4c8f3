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
SETTING          VALUE                             FROM
base-url         https://integration.getmateo.com  default
api-key          set, not shown                    environment, MATEO_API_KEY
max-rps          1                                 --max-rps
max-per-day      500                               environment, MATEO_MAX_PER_DAY
request-timeout  2m                                default
color            auto                              default

settings file: /dev/null

"#]])
        .stderr_eq("");
    let json = stdout_of(bare(&["config", "-o", "json"]).env("MATEO_API_KEY", "tell-nobody"));
    let settings: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(settings["api-key"]["value"], "set, not shown");
    assert!(!json.contains("tell-nobody"));
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
error: c.toml, line 2: unknown field 'base_url', expected one of 'base-url', 'api-key-file', 'max-rps', 'max-per-day', 'request-timeout', 'color'; 'mateo help config' shows what may stand there

"#]]);
    bare(&["--config", "none.toml", "config"])
        .current_dir(dir.path())
        .assert()
        .code(9)
        .stdout_eq("")
        .stderr_eq(str![[r#"
error: could not read the settings in none.toml: no such file or directory; check --config or MATEO_CONFIG

"#]]);
    bare(&["config"])
        .env("MATEO_MAX_RPS", "two")
        .assert()
        .code(2)
        .stdout_eq("")
        .stderr_eq(str![[r#"
error: MATEO_MAX_RPS is 'two', which can't be read; see --max-rps in mateo --help

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
ok    server    answers in [..]s, takes the key, has 6 imports
ok    clock     agrees with the server's
ok    limits    1 of 2 requests left, anew in [..]s
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
            .fault(Fault::ClockOff),
    );
    let text = stdout_of(mateo(&served, &["doctor"])).replace(&served.url, "URL");
    snapbox::assert_data_eq!(
        text,
        str![[r#"
ok    settings  read from /dev/null
ok    address   URL (environment, MATEO_BASE_URL)
ok    key       found (environment, MATEO_API_KEY)
ok    server    answers in [..]s, takes the key, has 6 imports
note  clock     this machine's is [..] behind the server's
                set it (NTP): ages and --since 2d go by this machine's
note  limits    the server states none
                this program keeps to --max-rps by itself
note  rows      the server has columns that this program doesn't know: hints
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
                set MATEO_API_KEY or name a file with --api-key-file, or try without: mateo --sandbox imports list
-     server    nothing was asked

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
bad   server    the server refuses the API key: the server answered 403: the API key is not valid (FORBIDDEN)
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
        ("bash", "_mateo()"),
        ("zsh", "#compdef mateo"),
        ("fish", "complete -c mateo"),
        ("powershell", "Register-ArgumentCompleter"),
    ] {
        let text = stdout_of(bare(&["completions", shell]));
        assert!(text.contains(sign) && text.contains("unfinished"), "{shell}");
    }
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

#[test]
fn help_teaches() {
    bare(&["-h"])
        .assert()
        .success()
        .stdout_eq(str![[r#"
Lists, watches, follows and downloads hellomateo's imports

Usage: mateo [OPTIONS] <COMMAND>

Commands:
  imports      Read, follow and download imports
  sandbox      Serve the imports API on this machine, over rows of your own or made-up ones
  doctor       Check the key, the connection, the clock, the limits and the server's rows, and say
               what to do
  config       Show every setting and where it comes from, never the key
  exit-codes   Explain the exit codes
  completions  Print the completions of a shell
  man          Write the manual pages
  help         Print this message or the help of the given subcommand(s)

Options:
  -h, --help     Print help (see more with '--help')
  -V, --version  Print version

Connection and settings:
      --sandbox                     Answer from a sandbox inside this program: made-up imports, no
                                    key, no network
      --base-url <URL>              Where the API is; http only to this machine [env:
                                    MATEO_BASE_URL] [default: hellomateo's API]
      --api-key-file <FILE>         Read the API key from this file, which only you may read [env:
                                    MATEO_API_KEY_FILE]
      --max-rps <N>                 At most this many requests a second [env: MATEO_MAX_RPS]
                                    [default: 2]
      --max-per-day <N>             At most this many requests a day [env: MATEO_MAX_PER_DAY]
                                    [default: 10000]
      --request-timeout <DURATION>  Give up a request after this long, its repetitions included
                                    [env: MATEO_REQUEST_TIMEOUT] [default: 2m]
      --color <WHEN>                When to use colour [env: MATEO_COLOR, NO_COLOR, CLICOLOR,
                                    CLICOLOR_FORCE] [default: auto] [possible values: auto, always,
                                    never]
      --config <FILE>               Read settings from this file [env: MATEO_CONFIG] [default: the
                                    platform's place, see `mateo config`]
  -v, --verbose...                  Say more on stderr: -v the causes of errors and each request,
                                    -vv details, -vvv everything
  -q, --quiet                       Say less on stderr: only errors

Examples:
  mateo --sandbox imports list        try it: no key, no network
  mateo imports list --failed         the newest imports with failures
  mateo imports list --all -o ndjson  all imports, for a program
  mateo doctor                        check key, connection and server

The API key comes from MATEO_API_KEY, or from a file (--api-key-file).
More: mateo --help, mateo help imports list, mateo exit-codes

"#]])
        .stderr_eq("");
    bare(&["imports", "list", "--help"])
        .assert()
        .success()
        .stdout_eq(str![[r#"
List imports: the newest 50 unless told otherwise

Usage: mateo imports list [OPTIONS]

Options:
      --select <COLUMNS>
          Only these columns, comma-separated: id,type,payload->0->>email

      --order <COLUMNS>
          Sort by these columns: failed_count.desc,created_at (.nullsfirst and .nullslast may
          follow)
          
          [default: created_at.desc]

  -n, --limit <N>
          At most this many imports

  -a, --all
          All imports

  -o, --output <FORMAT>
          How to print them

          Possible values:
          - table:  For a person
          - json:   One array
          - ndjson: One row a line, as the server sent it
          - csv:    For a spreadsheet
          
          [default: table]

  -x, --exact-times
          Show times exactly, not as ages

      --full-ids
          Show ids in full

      --width <COLUMNS>
          How wide the table may be [default: the terminal's width, unlimited in a pipe]

      --print-request
          Print the first request as a curl command and send nothing

  -h, --help
          Print help (see a summary with '-h')

  -V, --version
          Print version

Which imports:
  -w, --where <CONDITION>
          Only imports that meet a condition: 'total_count>=100', 'reference_id~crm', 'failed_count
          is null'; repeatable

      --query <RAW>
          Filters in the server's own words, checked before they are sent:
          'or=(failed_count.gt.0,total_count.is.null)'

  -t, --type <TYPE>
          Only this type: contact, deal, appointment or the name in full; comma-separated for
          several

      --failed
          Only imports with failures

  -r, --reference <TEXT>
          Only imports with exactly this reference

  -s, --since <WHEN>
          Only imports made at this time or later: 2d (ago), today, 2026-01-02 (midnight UTC) or RFC
          3339

  -u, --until <WHEN>
          Only imports made before this time

      --unfinished
          Only imports that aren't finished; the server can't compare columns, so each row is looked
          at here

Connection and settings:
      --sandbox
          Answer from a sandbox inside this program: made-up imports, no key, no network

      --base-url <URL>
          Where the API is; http only to this machine [env: MATEO_BASE_URL] [default: hellomateo's
          API]

      --api-key-file <FILE>
          Read the API key from this file, which only you may read [env: MATEO_API_KEY_FILE]
          
          The key itself comes from MATEO_API_KEY; there is no flag for it, because other users of a
          machine can see flags.

      --max-rps <N>
          At most this many requests a second [env: MATEO_MAX_RPS] [default: 2]

      --max-per-day <N>
          At most this many requests a day [env: MATEO_MAX_PER_DAY] [default: 10000]

      --request-timeout <DURATION>
          Give up a request after this long, its repetitions included [env: MATEO_REQUEST_TIMEOUT]
          [default: 2m]

      --color <WHEN>
          When to use colour [env: MATEO_COLOR, NO_COLOR, CLICOLOR, CLICOLOR_FORCE] [default: auto]

          Possible values:
          - auto:   In a terminal that has it
          - always: Always
          - never:  Never

      --config <FILE>
          Read settings from this file [env: MATEO_CONFIG] [default: the platform's place, see
          `mateo config`]

  -v, --verbose...
          Say more on stderr: -v the causes of errors and each request, -vv details, -vvv everything

  -q, --quiet
          Say less on stderr: only errors

Conditions (--where, all must hold):
  COLUMN=VALUE    equal             COLUMN!=VALUE   not equal (drops rows without a value)
  COLUMN>VALUE    COLUMN>=VALUE     COLUMN<VALUE    COLUMN<=VALUE
  COLUMN~TEXT     has TEXT in it; letter case doesn't matter, each character is taken literally
  COLUMN is null                    COLUMN is not null
  COLUMN in A|B|C                   one of these

  The value is everything behind the first operator, literally: blanks, quotes and further
  operators belong to it; 'reference_id=' asks for the empty text.
  As in SQL, a row without a value (null) meets no comparison, != included: to have it too, use
  --query 'or=(failed_count.neq.0,failed_count.is.null)'.
  Payloads can be looked into: 'payload->0->>email=a@b.c' compares text; -> takes a step, and
  ->> ends as text.

Columns:
  uuid     id, organisation_id, contact_list_id
  time     created_at, updated_at: 2026-01-02, 2026-01-02T10:00:00Z, or 2d for two days ago
  type     type: contact_details, deal_details, appointment_details
  number   total_count, success_count, failed_count
  text     reference_id, failed_url, payload_url
  JSON     payload

Output:
  table    for a person; fits the terminal and says what it cut
  ndjson   each row as the server sent it, every column, one a line
  json     the same rows as one array
  csv      a header, then the 13 documented columns or those of --select; a text that a
           spreadsheet would run as a formula (it begins with = + - @, a tab or a carriage
           return) gets a ' before it

Examples:
  mateo imports list                                     the newest 50
  mateo imports list --failed --since 2d                 with failures, of the last two days
  mateo imports list --where 'total_count>=1000' --where 'reference_id~crm'
  mateo imports list --where 'type in contact_details|deal_details' --order failed_count.desc
  mateo imports list --all --output ndjson > imports.ndjson
  mateo imports list --query 'or=(failed_count.gt.0,total_count.is.null)'

"#]])
        .stderr_eq("");
    bare(&["exit-codes"])
        .assert()
        .success()
        .stdout_eq(str![[r#"
0    done; also when who reads the output closed it early (mateo … | head -1)
1    failed in a way no other code stands for: the server's errors, answers that can't be read
2    wrong usage: a flag, a condition, a setting; nothing was sent
3    the API key is missing, refused, or may not read imports
4    the server could not be reached: address, network, TLS
5    the request limit: the server's (429), or this program's own budget of the day
6    time ran out: --request-timeout, or --timeout of `imports wait`
7    no such import, or the import has no such file
8    `imports wait`: an import has failures
9    a file of this machine: rows, key, cursor, settings, output
130  ended by Ctrl-C
143  ended by SIGTERM

"#]])
        .stderr_eq("");
    bare(&["help", "exit-codes"])
        .assert()
        .success()
        .stdout_eq(str![[r#"
Explain the exit codes

Usage: mateo exit-codes [OPTIONS]

Options:
  -h, --help
          Print help (see a summary with '-h')

  -V, --version
          Print version

Connection and settings:
      --sandbox
          Answer from a sandbox inside this program: made-up imports, no key, no network

      --base-url <URL>
          Where the API is; http only to this machine [env: MATEO_BASE_URL] [default: hellomateo's
          API]

      --api-key-file <FILE>
          Read the API key from this file, which only you may read [env: MATEO_API_KEY_FILE]
          
          The key itself comes from MATEO_API_KEY; there is no flag for it, because other users of a
          machine can see flags.

      --max-rps <N>
          At most this many requests a second [env: MATEO_MAX_RPS] [default: 2]

      --max-per-day <N>
          At most this many requests a day [env: MATEO_MAX_PER_DAY] [default: 10000]

      --request-timeout <DURATION>
          Give up a request after this long, its repetitions included [env: MATEO_REQUEST_TIMEOUT]
          [default: 2m]

      --color <WHEN>
          When to use colour [env: MATEO_COLOR, NO_COLOR, CLICOLOR, CLICOLOR_FORCE] [default: auto]

          Possible values:
          - auto:   In a terminal that has it
          - always: Always
          - never:  Never

      --config <FILE>
          Read settings from this file [env: MATEO_CONFIG] [default: the platform's place, see
          `mateo config`]

  -v, --verbose...
          Say more on stderr: -v the causes of errors and each request, -vv details, -vvv everything

  -q, --quiet
          Say less on stderr: only errors

0    done; also when who reads the output closed it early (mateo … | head -1)
1    failed in a way no other code stands for: the server's errors, answers that can't be read
2    wrong usage: a flag, a condition, a setting; nothing was sent
3    the API key is missing, refused, or may not read imports
4    the server could not be reached: address, network, TLS
5    the request limit: the server's (429), or this program's own budget of the day
6    time ran out: --request-timeout, or --timeout of `imports wait`
7    no such import, or the import has no such file
8    `imports wait`: an import has failures
9    a file of this machine: rows, key, cursor, settings, output
130  ended by Ctrl-C
143  ended by SIGTERM

"#]])
        .stderr_eq("");
}
