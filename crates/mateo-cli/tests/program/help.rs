//! What `--help` says.

use snapbox::str;

use crate::support::bare;

#[test]
fn the_short_help_fits_a_screen_or_two() {
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
  login        Keep an API key, read from stdin, in a file that only you may read
  logout       Remove the API key that login keeps
  exit-codes   Explain the exit codes
  completions  Print the completions of a shell
  man          Write the manual pages
  help         Print this message or the help of the given subcommand(s)

Options:
  -h, --help     Print help (see more with '--help')
  -V, --version  Print version

Global options:
      --sandbox  Answer from a sandbox inside this program: made-up imports, no key, no network

Examples:
  mateo --sandbox imports list        try it: no key, no network
  mateo imports list --failed         the newest imports with failures
  mateo imports list --all -o ndjson  all imports, for a program
  mateo doctor                        check key, connection and server

The API key comes from MATEO_API_KEY, a file (--api-key-file) or `mateo login`.
More: mateo --help, mateo help imports list, mateo exit-codes

"#]])
        .stderr_eq("");
}

#[test]
fn the_help_of_list_teaches_conditions() {
    bare(&["imports", "list", "--help"])
        .assert()
        .success()
        .stdout_eq(str![[r#"
List imports: the newest 50 unless --limit or --all says otherwise

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
          How to print them [default: table]

          Possible values:
          - table:  For a person
          - json:   One array
          - ndjson: One row a line, as the server sent it
          - csv:    A header and a line a row, see --csv

      --out <FILE>
          Write them to this file, which appears when it is complete; all imports unless --limit
          says otherwise

      --resume
          Go on where an earlier run with the same --out broke off

  -f, --force
          Replace a file that exists

      --exit-code
          Exit with 10 if an import matches and 0 if none does, for monitoring

      --csv <DIALECT>
          Print CSV for this reader: raw for programs, excel for a spreadsheet [default: raw]

          Possible values:
          - raw:   Commas, and every text as it is: for programs and joins
          - excel: A byte order mark, semicolons, and a ' before texts that Excel would run as
            formulas

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
          Only imports made at this time or later: 2d (ago), today, 2026-01-02, '2026-01-02 10:00'
          or RFC 3339

  -u, --until <WHEN>
          Only imports made before this time

      --state <STATE>
          Only imports in this state, comma-separated for several; what the server can't compare is
          looked at here

          Possible values:
          - pending:  Not begun
          - running:  Begun and not finished
          - finished: Finished without failures
          - failed:   Finished with failures

      --unfinished
          Only imports that aren't finished: --state pending,running

Global options:
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

      --budget <WHERE>
          Where programs with the same key share their limits: file (of this user), none, or a URL
          of Valkey or Redis [env: MATEO_BUDGET] [default: file]

      --no-shared-budget
          Keep the limits in this process alone; the same as --budget none

      --request-timeout <DURATION>
          Give up a request after this long, its repetitions included [env: MATEO_REQUEST_TIMEOUT]
          [default: 2m]

      --attempts <N>
          Try a request this often before it counts as failed; 1 is once [env: MATEO_ATTEMPTS]
          [default: 5]

      --utc
          Show and read times in UTC, not in this machine's zone [env: TZ]

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
          Say more on stderr: -v the causes of errors and each request, -vv everything

  -q, --quiet
          Say less on stderr: only errors

Conditions (--where, all must hold):
  COLUMN=VALUE    equal             COLUMN!=VALUE   not equal (drops rows without a value)
  COLUMN>VALUE    COLUMN>=VALUE     COLUMN<VALUE    COLUMN<=VALUE
  COLUMN~TEXT     has TEXT in it; letter case doesn't matter, each character is taken literally
  COLUMN is null                    COLUMN is not null
  COLUMN in A|B|C                   one of these

  The value is everything after the first operator. A text is taken literally: blanks, quotes and
  further operators belong to it; 'reference_id=' asks for the empty text.
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
}

#[test]
fn the_exit_codes_are_explained() {
    bare(&["exit-codes"])
        .assert()
        .success()
        .stdout_eq(str![[r#"
0    done; also when the reader of the output closed it early (mateo … | head -1)
1    failed in a way no other code stands for: the server's errors, responses or rows that can't be
     read
2    wrong usage: a flag, a condition, a setting; nothing was sent
3    the API key is missing, rejected, or may not read imports
4    the server could not be reached: address, network, TLS
5    the request limit: the server's (429), or this program's own budget of the day
6    time ran out: --request-timeout, or --timeout of `imports wait`
7    no such import, or the import has no such file
8    `imports wait`: an import has failures
9    a file of this machine: rows, key, cursor, settings, output
10   `imports list --exit-code`: at least one import matches
130  ended by Ctrl-C
143  ended by SIGTERM

"#]])
        .stderr_eq("");
}

#[test]
fn help_finds_them_too() {
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

Global options:
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

      --budget <WHERE>
          Where programs with the same key share their limits: file (of this user), none, or a URL
          of Valkey or Redis [env: MATEO_BUDGET] [default: file]

      --no-shared-budget
          Keep the limits in this process alone; the same as --budget none

      --request-timeout <DURATION>
          Give up a request after this long, its repetitions included [env: MATEO_REQUEST_TIMEOUT]
          [default: 2m]

      --attempts <N>
          Try a request this often before it counts as failed; 1 is once [env: MATEO_ATTEMPTS]
          [default: 5]

      --utc
          Show and read times in UTC, not in this machine's zone [env: TZ]

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
          Say more on stderr: -v the causes of errors and each request, -vv everything

  -q, --quiet
          Say less on stderr: only errors

0    done; also when the reader of the output closed it early (mateo … | head -1)
1    failed in a way no other code stands for: the server's errors, responses or rows that can't be
     read
2    wrong usage: a flag, a condition, a setting; nothing was sent
3    the API key is missing, rejected, or may not read imports
4    the server could not be reached: address, network, TLS
5    the request limit: the server's (429), or this program's own budget of the day
6    time ran out: --request-timeout, or --timeout of `imports wait`
7    no such import, or the import has no such file
8    `imports wait`: an import has failures
9    a file of this machine: rows, key, cursor, settings, output
10   `imports list --exit-code`: at least one import matches
130  ended by Ctrl-C
143  ended by SIGTERM

"#]])
        .stderr_eq("");
}
