use std::collections::HashMap;

use super::Settings;
use crate::args::Global;
use crate::args::duration::Span;

fn load(flags: &Global, env: &[(&str, &str)]) -> Result<Settings, String> {
    let mut env: HashMap<String, String> = env
        .iter()
        .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
        .collect();
    env.entry("MATEO_CONFIG".to_owned())
        .or_insert_with(|| "/dev/null".to_owned());
    Settings::load(flags, |name| env.get(name).cloned()).map_err(|failure| failure.to_string())
}

fn shown(settings: &Settings) -> String {
    settings
        .rows()
        .into_iter()
        .map(|(name, value, source)| format!("{name}|{value}|{source}\n"))
        .collect::<Vec<_>>()
        .concat()
}

#[test]
fn flags_count_before_the_environment_before_the_file_before_defaults() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("config.toml");
    std::fs::write(
        &file,
        "max-rps = 7\nmax-per-day = 70\nbase-url = \"http://localhost:7\"\ncolor = \"never\"\n",
    )
    .unwrap();
    let flags = Global {
        max_rps: Some(9.0),
        request_timeout: Some(Span(std::time::Duration::from_secs(9))),
        ..Global::default()
    };
    let env = [
        ("MATEO_CONFIG", file.to_str().unwrap()),
        ("MATEO_MAX_RPS", "8"),
        ("MATEO_MAX_PER_DAY", "80"),
    ];
    let shown = shown(&load(&flags, &env).unwrap()).replace(file.to_str().unwrap(), "FILE");
    assert_eq!(
        shown,
        "base-url|http://localhost:7|file, FILE\n\
         api-key|not set|nowhere\n\
         max-rps|9|--max-rps\n\
         max-per-day|80|environment, MATEO_MAX_PER_DAY\n\
         request-timeout|9s|--request-timeout\n\
         attempts|5|default\n\
         color|never|file, FILE\n"
    );
}

#[test]
fn the_path_of_the_endpoint_may_stand_in_the_address() {
    for url in [
        "https://h",
        "https://h/",
        "https://h/api/v1",
        "https://h/api/v1/import/",
    ] {
        let settings = load(&Global::default(), &[("MATEO_BASE_URL", url)]).unwrap();
        assert_eq!(settings.base_url.value, "https://h", "{url}");
    }
    let settings = load(
        &Global::default(),
        &[("MATEO_BASE_URL", "https://h/gate/api/v1/import")],
    )
    .unwrap();
    assert_eq!(settings.base_url.value, "https://h/gate");
}

#[test]
fn the_proxy_is_shown_without_its_password() {
    let env = [
        ("HTTPS_PROXY", "http://me:tell-nobody@proxy:3128"),
        ("no_proxy", "internal"),
    ];
    let text = shown(&load(&Global::default(), &env).unwrap());
    assert!(text.ends_with(
        "proxy|http://***@proxy:3128|environment, HTTPS_PROXY\nno-proxy|internal|environment, no_proxy\n"
    ));
}

#[test]
fn the_key_is_never_among_what_is_shown() {
    let settings = load(&Global::default(), &[("MATEO_API_KEY", "tell-nobody")]).unwrap();
    assert!(shown(&settings).contains("api-key|set, not shown|environment, MATEO_API_KEY"));
    assert!(!format!("{settings:?}{}", shown(&settings)).contains("tell-nobody"));
}

#[test]
fn settings_that_can_not_be_read_name_where_they_stand() {
    let refusal = |env: &[(&str, &str)]| load(&Global::default(), env).unwrap_err();
    assert!(refusal(&[("MATEO_MAX_RPS", "two")]).starts_with("MATEO_MAX_RPS is 'two'"));
    assert!(refusal(&[("MATEO_MAX_RPS", "-1")]).contains("above 0"));
    assert!(refusal(&[("MATEO_COLOR", "blue")]).contains("auto, always or never"));
    assert!(refusal(&[("MATEO_CONFIG", "/nowhere/c.toml")]).contains("could not read the settings"));
}

#[test]
fn the_sandbox_and_an_address_exclude_each_other_unless_the_address_is_a_setting() {
    let both = Global {
        sandbox: true,
        base_url: Some("http://localhost".into()),
        ..Global::default()
    };
    assert!(load(&both, &[]).is_err());
    let sandbox = Global {
        sandbox: true,
        ..Global::default()
    };
    assert!(load(&sandbox, &[("MATEO_BASE_URL", "http://localhost")]).is_ok());
}
