//! The examples and explanations below each command's options.

pub(super) const SHORT_EXAMPLES: &str = "\
Examples:
  mateo --sandbox imports list        try it: no key, no network
  mateo imports list --failed         the newest imports with failures
  mateo imports list --all -o ndjson  all imports, for a program
  mateo doctor                        check key, connection and server

The API key comes from MATEO_API_KEY, a file (--api-key-file) or `mateo login`.
More: mateo --help, mateo help imports list, mateo exit-codes";

pub(super) const MAIN: &str = "\
Examples:
  mateo --sandbox imports list        try it: no key, no network
  mateo imports list --failed         the newest imports with failures
  mateo imports list --all -o ndjson  all imports, for a program
  mateo imports wait 38d889d2         wait until an import is finished
  mateo imports changes --cursor-file imports.cursor --once >> changes.ndjson
  mateo doctor                        check key, connection and server

The key:
  MATEO_API_KEY holds the API key, --api-key-file names a file that only you may read, or
  `mateo login` keeps it in one. It is
  sent to the API's own address only, over https (or to this machine), and never printed.

Settings:
  A flag counts before the environment, the environment before the settings file. `mateo config`
  shows each setting and where it comes from.

Exit codes:
  0 done, 1 failed, 2 wrong usage, 3 key rejected or missing, 4 server not reached,
  5 request limit, 6 time ran out, 7 no such import or file, 8 an import has failures,
  9 a file of this machine, 130 Ctrl-C. `mateo exit-codes` explains them.";

pub(super) const IMPORTS: &str = "\
Examples:
  mateo imports list --since 2d
  mateo imports get 38d889d2
  mateo imports summary --since 30d";

pub(super) const LIST: &str = "\
Examples:
  mateo imports list                                     the newest 50
  mateo imports list --failed --since 2d                 with failures, of the last two days
  mateo imports list --where 'total_count>=1000' --where 'reference_id~crm'
  mateo imports list --where 'type in contact_details|deal_details' --order failed_count.desc
  mateo imports list --all --output ndjson > imports.ndjson
  mateo imports list --query 'or=(failed_count.gt.0,total_count.is.null)'

Use -h for a summary, --help for how --where works.";

pub(super) const LIST_LONG: &str = "\
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
  mateo imports list --query 'or=(failed_count.gt.0,total_count.is.null)'";

pub(super) const GET: &str = "\
Examples:
  mateo imports get 38d889d2-b47a-4c1d-8a3a-b343ac333b68
  mateo imports get 38d889d2                     the beginning of an id is enough
  mateo imports get ERP-2041 ERP-2042            by reference, several at once
  mateo imports get 38d889d2 --output json | jq .payload";

pub(super) const SUMMARY: &str = "\
Examples:
  mateo imports summary --since 30d
  mateo imports summary --type contact_details --html imports.html
  mateo imports summary --output json | jq .states";

pub(super) const FAILURES: &str = "\
Examples:
  mateo imports failures 4372a2a7
  mateo imports failures ERP-2041 ERP-2042             by reference
  mateo imports failures 4372a2a7 --output csv > failed.csv

The records come from the import's file of failed contacts, on another host, which doesn't get the
API key.";

pub(super) const WAIT: &str = "\
Examples:
  mateo imports wait 38d889d2 5ead703a
  mateo imports wait 38d889d2 --timeout 10m && echo finished without failures
  mateo imports wait --reference ERP-2041
  mateo imports wait --unfinished

Exit codes: 0 all finished without failures, 8 some have failures, 7 some don't exist,
6 time ran out.";

pub(super) const WATCH: &str = "\
Examples:
  mateo imports watch
  mateo --sandbox imports watch --interval 1s
  mateo imports watch --failed | tee events.txt      one line an event where there is no terminal

q or Ctrl-C ends it.";

pub(super) const CHANGES: &str = "\
Examples:
  mateo imports changes --since 1d                               and follow
  mateo imports changes --cursor-file imports.cursor --once >> changes.ndjson      for cron

Each changed import is one line of JSON, as the server sent it. The cursor file is written only
after the lines before it are out: after a crash some lines come again, none is missed. A second
run with the same cursor file is rejected. The cursor belongs to the conditions it was made with.";

pub(super) const DOWNLOAD: &str = "\
Examples:
  mateo imports download 38d889d2 --what failed
  mateo imports download 38d889d2 --what payload --out payload.json --force
  mateo imports download 38d889d2 --what failed --out - | jq length

The file appears under its name when it is whole. Where the connection breaks, it goes on. The
API key is not sent to the server of the file.";

pub(super) const SANDBOX: &str = "\
Examples:
  mateo sandbox                                             a small company's imports
  mateo sandbox --generate 5000 --seed 7 --life             made-up rows that go on changing
  mateo sandbox --rows rows.jsonl --rate none --listen 127.0.0.1:8080
  mateo sandbox --fault 429:every-10 --latency 300ms

The first line on stdout is the URL. Ctrl-C or SIGTERM ends it.";

pub(super) const DOCTOR: &str = "\
Examples:
  mateo doctor
  mateo --base-url http://127.0.0.1:8080 doctor";

pub(super) const CONFIG: &str = "\
Examples:
  mateo config
  mateo --max-rps 5 config --output json

The settings file is TOML with the names of the flags:
  base-url = \"https://integration.getmateo.com\"
  api-key-file = \"/home/me/.config/mateo/key\"
  max-rps = 2
  max-per-day = 10000
  budget = \"file\"
  request-timeout = \"2m\"
  attempts = 5
  color = \"auto\"";

pub(super) const LOGIN: &str = "\
Examples:
  mateo login                          asks for the key and doesn't show it
  pass show hellomateo | mateo login

MATEO_API_KEY and --api-key-file count before it. `mateo doctor` checks the key.";

pub(super) const LOGOUT: &str = "\
Examples:
  mateo logout";

pub(super) const COMPLETIONS: &str = "\
Examples:
  echo 'source <(mateo completions bash)' >> ~/.bashrc
  echo 'source <(mateo completions zsh)' >> ~/.zshrc
  echo 'mateo completions fish | source' > ~/.config/fish/completions/mateo.fish
  mateo completions powershell >> $PROFILE

They know columns, types, states and orders, and the ids that `mateo imports list` showed last in a
terminal; completing asks the server nothing.";

pub(super) const MAN: &str = "\
Examples:
  mateo man | man -l -
  mateo man --dir ~/.local/share/man/man1";
