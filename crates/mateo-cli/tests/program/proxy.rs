//! Requests through a proxy, and those that never go through one.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;

use snapbox::str;

use crate::support::{ROWS, bare, mateo, serve, stdout_of};

/// A proxy that opens no tunnel, and the first line of what it was asked.
fn refusing() -> (String, std::thread::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let asked = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut line = String::new();
        BufReader::new(stream.try_clone().unwrap())
            .read_line(&mut line)
            .unwrap();
        stream
            .write_all(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n")
            .unwrap();
        line
    });
    (url, asked)
}

#[test]
fn https_goes_through_the_proxy_of_the_environment() {
    for variable in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        let (proxy, asked) = refusing();
        bare(&[
            "--attempts",
            "1",
            "--base-url",
            "https://api.test",
            "imports",
            "list",
        ])
        .env("MATEO_API_KEY", "k")
        .env(variable, &proxy)
        .assert()
        .code(4)
        .stdout_eq("");
        assert_eq!(
            asked.join().unwrap(),
            "CONNECT api.test:443 HTTP/1.1\r\n",
            "{variable}"
        );
    }
}

#[test]
fn this_machine_is_reached_without_the_proxy() {
    let served = serve(ROWS);
    // Nothing listens there.
    let dead = "http://127.0.0.1:9";
    let text = stdout_of(
        mateo(&served, &["imports", "list"])
            .env("HTTPS_PROXY", dead)
            .env("ALL_PROXY", dead),
    );
    assert_eq!(text.lines().count(), 7);
    let text = stdout_of(mateo(&served, &["doctor"]).env("HTTPS_PROXY", dead));
    assert!(
        text.contains("ok    proxy     http://127.0.0.1:9 is not used for this machine"),
        "{text}"
    );
}

#[test]
fn a_proxy_that_can_not_be_used_is_named_without_its_password() {
    bare(&["imports", "list"])
        .env("MATEO_API_KEY", "k")
        .env("ALL_PROXY", "socks5://me:secret@proxy.example:1080")
        .assert()
        .code(2)
        .stdout_eq("")
        .stderr_eq(str![[r#"
error: the proxy socks5://***@proxy.example:1080 (environment, ALL_PROXY) can't be used
help: give it as http://HOST:PORT or https://HOST:PORT, or unset the variable

"#]]);
    let text = stdout_of(
        bare(&["config"])
            .env("HTTPS_PROXY", "http://me:secret@proxy.example:1080")
            .env("NO_PROXY", "intranet"),
    );
    assert!(
        text.contains("http://***@proxy.example:1080")
            && text.contains("intranet")
            && !text.contains("secret")
    );
}
