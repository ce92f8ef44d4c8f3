//! The summary as one HTML page: no scripts, and nothing from elsewhere.

mod chart;

use std::fmt::Write as _;

use chrono::{DateTime, Utc};

use super::summary::{States, Summary};
use super::text::{counted, escape_control, thousands};
use crate::zone::Zone;

/// The page. `of` says which imports it is about.
pub(crate) fn page(summary: &Summary, of: &str, zone: &Zone, now: DateTime<Utc>) -> String {
    let mut html = String::from(HEAD);
    let states = summary.states;
    let _ = write!(
        html,
        "<header><h1>Imports</h1><p>{} &middot; as of <time datetime=\"{}\">{} {}</time></p></header>\n\
         <section class=\"tiles\">{}{}{}{}</section>\n",
        escaped(of),
        now.format("%Y-%m-%dT%H:%M:%SZ"),
        zone.minute(now),
        escaped(zone.name()),
        tile("", summary.imports, "imports"),
        tile("bad", summary.failing_imports(), &summary.described_failing()),
        tile("", summary.imported, "records imported"),
        tile("bad", summary.failed, "records failed"),
    );
    if summary.imports > 0 {
        let _ = write!(
            html,
            "<section><h2>By state</h2>{}{}</section>\n<section><h2>By type</h2>{}</section>\n",
            chart::stacked(&parts(states)),
            legend(&parts(states)),
            types(summary),
        );
        let days = summary.last_days();
        let _ = writeln!(
            html,
            "<section><h2>Imports by day ({})</h2><p class=\"note\">{}</p>{}</section>",
            escaped(zone.name()),
            escaped(&summary.described_days(&days)),
            chart::days(&days)
        );
    }
    html.push_str(&failing(summary, zone));
    if summary.unreadable > 0 {
        let _ = writeln!(
            html,
            "<p class=\"note\">{} could not be read and isn't counted.</p>",
            counted(summary.unreadable, "row")
        );
    }
    html.push_str("</main></body></html>\n");
    html
}

/// The state's class, its name and its count.
fn parts(states: States) -> [(&'static str, &'static str, u64); 4] {
    [
        ("good", "finished", states.finished),
        ("bad", "failed", states.failed),
        ("busy", "running", states.running),
        ("idle", "pending", states.pending),
    ]
}

fn tile(class: &str, count: u64, name: &str) -> String {
    let class = if count > 0 { class } else { "" };
    format!(
        "<div class=\"tile\"><b class=\"{class}\">{}</b><span>{name}</span></div>",
        thousands(count)
    )
}

/// What each colour stands for, and how many of it there are.
fn legend(parts: &[(&str, &str, u64)]) -> String {
    let mut html = String::from("<ul class=\"legend\">");
    for (class, name, count) in parts {
        let _ = write!(
            html,
            "<li><i class=\"{class}\"></i>{name} {}</li>",
            thousands(*count)
        );
    }
    html.push_str("</ul>");
    html
}

fn types(summary: &Summary) -> String {
    let mut html = String::from(
        "<div class=\"scroll\"><table class=\"cards\"><thead><tr><th scope=\"col\">Type</th><th scope=\"col\" class=\"n\">Imports</th>\
         <th scope=\"col\" class=\"n\">Finished</th><th scope=\"col\" class=\"n\">Failed</th><th scope=\"col\" class=\"n\">\
         Running</th><th scope=\"col\" class=\"n\">Pending</th></tr></thead><tbody>",
    );
    for (name, states) in &summary.types {
        let _ = write!(
            html,
            "<tr><th scope=\"row\">{}</th><td class=\"n\" data-name=\"imports\">{}</td>",
            escaped(name),
            thousands(states.total())
        );
        for (class, name, count) in parts(*states) {
            let class = if class == "bad" && count > 0 { "n bad" } else { "n" };
            let _ = write!(
                html,
                "<td class=\"{class}\" data-name=\"{name}\">{}</td>",
                thousands(count)
            );
        }
        html.push_str("</tr>");
    }
    html.push_str("</tbody></table></div>");
    html
}

fn failing(summary: &Summary, zone: &Zone) -> String {
    let all = summary.failing_imports();
    if all == 0 {
        return "<section><h2>Imports with failures</h2><p>None.</p></section>\n".to_owned();
    }
    let mut html = String::from(
        "<section><h2>Imports with failures</h2><div class=\"scroll\"><table class=\"cards\"><thead><tr><th scope=\"col\">Created</th>\
         <th scope=\"col\">Type</th><th scope=\"col\" class=\"n\">Failed</th><th scope=\"col\" class=\"n\">Of</th>\
         <th scope=\"col\">Reference</th><th scope=\"col\">Id</th></tr></thead><tbody>",
    );
    for import in &summary.failing {
        let _ = write!(
            html,
            "<tr><td class=\"time\">{}</td><td>{}</td><td class=\"n bad\" data-name=\"failed\">{}</td>\
             <td class=\"n\" data-name=\"of\">{}</td><td class=\"ref\">{}</td><td class=\"id\"><code>{}</code></td></tr>",
            zone.minute(import.created_at),
            escaped(import.import_type.as_str()),
            thousands(import.failed),
            import.total.map_or_else(|| "?".to_owned(), thousands),
            escaped(import.reference_id.as_deref().unwrap_or_default()),
            import.id,
        );
    }
    html.push_str("</tbody></table></div>");
    let listed = summary.failing.len() as u64;
    if all > listed {
        let _ = write!(
            html,
            "<p class=\"note\">The newest {} of {}.</p>",
            thousands(listed),
            thousands(all)
        );
    }
    html.push_str("</section>\n");
    html
}

/// A text between tags or in an attribute; what can't be seen is written as an escape, as in a terminal.
fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for c in escape_control(text).chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            c => html.push(c),
        }
    }
    html
}

/// Whether a file begins as such a page does.
pub(crate) fn is_page(head: &[u8]) -> bool {
    String::from_utf8_lossy(head).contains(GENERATOR)
}

const GENERATOR: &str = "<meta name=\"generator\" content=\"mateo\">";

/// Up to the page's first words. The policy lets the browser load nothing, should a text ever get through.
const HEAD: &str = r#"<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
<meta name="generator" content="mateo">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>Imports</title>
<style>
:root { --bg: #fff; --fg: #1c2024; --faint: #5b636b; --line: #d9dde1; --card: #f5f6f8;
  --good: #2f7d4f; --bad: #c22b2b; --busy: #a66a00; --idle: #8b939b; }
@media (prefers-color-scheme: dark) { :root { --bg: #14171a; --fg: #e8eaed; --faint: #a2aab2; --line: #343a40; --card: #1e2226;
  --good: #58b87f; --bad: #ff7a70; --busy: #e5ab45; --idle: #767e86; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--bg); color: var(--fg); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 60rem; margin: 0 auto; padding: 1.5rem 1rem 3rem; }
h1 { margin: 0; font-size: 1.6rem; } h2 { margin: 2rem 0 .6rem; font-size: 1.15rem; }
header p, .note { color: var(--faint); margin: .2rem 0 0; overflow-wrap: anywhere; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); gap: .75rem; margin-top: 1.25rem; }
.tile { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: .7rem .9rem; }
.tile b { display: block; font-size: clamp(1rem, 5vw, 1.5rem); overflow-wrap: anywhere; font-variant-numeric: tabular-nums; } .tile span { color: var(--faint); }
.tile .bad, td.bad { color: var(--bad); }
svg { display: block; width: 100%; height: 1.75rem; } svg.days { height: 8rem; border-bottom: 1px solid var(--line); }
figure { margin: 0; } figcaption, .dates { color: var(--faint); font-size: .85rem; } .dates { display: flex; justify-content: space-between; gap: 1rem; }
.good { fill: var(--good); background: var(--good); } .busy { fill: var(--busy); background: var(--busy); }
.idle { fill: var(--idle); background: var(--idle); } rect.bad, i.bad { fill: var(--bad); background: var(--bad); }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: .3rem 1.2rem; margin: .6rem 0 0; padding: 0; }
.legend i { display: inline-block; width: .8rem; height: .8rem; border-radius: .15rem; margin-right: .4rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .93rem; }
th, td { text-align: left; padding: .35rem .9rem .35rem 0; border-bottom: 1px solid var(--line); font-weight: 400; }
thead th { color: var(--faint); white-space: nowrap; } .n { text-align: right; font-variant-numeric: tabular-nums; }
/* On a phone a table with many columns is a list of cards. */
@media (max-width: 40rem) {
  .cards thead { display: none; }
  .cards tr { display: block; padding: .6rem 0; border-bottom: 1px solid var(--line); }
  .cards td { display: inline; border: 0; padding: 0 .6rem 0 0; }
  .cards tbody th { display: block; border: 0; padding: 0; }
  .cards td[data-name]::before { content: attr(data-name) " "; color: var(--faint); }
  .cards .ref, .cards .id { display: block; } .cards .ref:empty { display: none; }
  .cards code { white-space: normal; overflow-wrap: anywhere; }
  th, td { padding-right: .6rem; } thead th { white-space: normal; }
}
.time, code { white-space: nowrap; } code { font-size: .85rem; } .ref { min-width: 9rem; overflow-wrap: anywhere; white-space: pre-wrap; }
</style></head><body><main>
"#;

#[cfg(test)]
mod tests {
    use super::{escaped, page};
    use crate::render::summary::{Summary, tests::summary};
    use crate::zone::Zone;

    #[test]
    fn no_text_becomes_a_tag() {
        assert_eq!(
            escaped("<b a='\"'>&\u{1b}"),
            "&lt;b a=&#39;&quot;&#39;&gt;&amp;\\u{1b}"
        );
        let html = page(
            &summary(),
            "<script>",
            &Zone::utc(""),
            "2026-03-09T12:00:00Z".parse().unwrap(),
        );
        assert!(!html.contains("<script") && html.contains("=crm \\u{1b}[31m"));
    }

    #[test]
    fn nothing_is_from_elsewhere() {
        let html = page(
            &summary(),
            "all",
            &Zone::utc(""),
            "2026-03-09T12:00:00Z".parse().unwrap(),
        );
        assert!(!html.contains("http:") && !html.contains("https:") && !html.contains("url("));
        for (tag, end) in [
            ("<section", "</section>"),
            ("<table", "</table>"),
            ("<svg", "</svg>"),
            ("<tr", "</tr>"),
        ] {
            assert_eq!(html.matches(tag).count(), html.matches(end).count(), "{tag}");
        }
    }

    #[test]
    fn a_page_without_imports_is_a_page() {
        assert!(super::is_page(super::HEAD.get(..1024).unwrap().as_bytes()));
        let html = page(
            &Summary::default(),
            "all",
            &Zone::utc(""),
            "2026-03-09T12:00:00Z".parse().unwrap(),
        );
        assert!(html.contains("<p>None.</p>") && html.ends_with("</html>\n"));
    }
}
