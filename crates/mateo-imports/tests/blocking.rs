//! The blocking client: the same rows as the async one's, from plain threads and over real connections.

#![cfg(feature = "blocking")]
#![allow(clippy::unwrap_used, reason = "a test may")]

mod common;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::mpsc;
use std::time::Duration;

use common::{client_builder, endpoint, id, start};
use mateo_imports::blocking::Client;
use mateo_imports::{ApiKey, ChangesCursor, KeyBudget, WaitEvent, columns::*};
use mateo_sandbox::{Fault, When};

#[test]
fn everything_comes_as_it_does_to_the_async_client() {
    let endpoint = endpoint(0..120, 50)
        .starting_at(start() + chrono::TimeDelta::hours(1))
        .build();
    let url = endpoint.put_file("failed.json", br#"[{"a":1},{"a":2}]"#.to_vec());
    let client = Client::from(client_builder(&endpoint).build().unwrap());

    let mut listed = Vec::new();
    for import in client.list().order(TOTAL_COUNT.desc()) {
        listed.push(import.unwrap().id);
    }
    assert_eq!(listed.len(), 120);
    let all = client.list().order(TOTAL_COUNT.desc()).all().unwrap();
    assert!(all.iter().map(|import| import.id).eq(listed.iter().copied()));
    assert_eq!(client.list().count().unwrap(), 120);
    assert_eq!(
        client
            .list()
            .pages()
            .map(|page| page.unwrap().len())
            .collect::<Vec<_>>(),
        [50, 50, 20]
    );

    let mut rows = client.list().iter();
    assert!(rows.next().unwrap().is_ok());
    assert_eq!((rows.taken(), rows.listing().counted()), (1, Some(120)));
    let rest = client.list().resume(rows.cursor().unwrap()).all().unwrap();
    assert_eq!(rest.len(), 119);

    let mut changes = client.changes(ChangesCursor::beginning()).once().iter();
    assert_eq!(changes.by_ref().map(Result::unwrap).count(), 120);
    let cursor = changes.cursor().clone();
    assert_eq!(client.changes(cursor).once().into_iter().count(), 0);
    let page = client
        .changes(ChangesCursor::beginning())
        .once()
        .pages()
        .next()
        .unwrap()
        .unwrap();
    assert_eq!(page.rows.len(), 50);

    assert_eq!(client.get(id(7)).unwrap().unwrap().id, id(7));
    assert_eq!(client.get_many([id(7), id(7_000)]).unwrap()[1], None);
    let finished = (0..120)
        .find(|number| number % 5 == 0 && number % 7 == 0)
        .unwrap();
    assert_eq!(client.wait([id(finished)]).all().unwrap().len(), 1);
    let mut events = client.wait([id(7_000)]).iter();
    assert_eq!(
        events.next().unwrap().unwrap(),
        WaitEvent::Missing { id: id(7_000) }
    );
    assert!(events.next().is_none());

    let mut file = Vec::new();
    assert_eq!(client.download(&url).to_writer(&mut file).unwrap(), 17);
    assert_eq!(client.download(&url).bytes().unwrap(), file);
    assert_eq!(
        client
            .download(&url)
            .rows::<serde_json::Value>()
            .map(Result::unwrap)
            .count(),
        2
    );
}

#[test]
fn an_iterator_goes_on_after_an_error_when_told_to() {
    let endpoint = endpoint(0..120, 50)
        .fault(Fault::NoContent.on(When::Nth(2)))
        .build();
    let client = Client::from(client_builder(&endpoint).build().unwrap());
    let mut rows = client.list().iter();
    let before = rows.by_ref().take_while(Result::is_ok).count();
    assert!(rows.next().is_none(), "it has ended");
    rows.retry();
    assert_eq!((before, rows.map(Result::unwrap).count()), (50, 70));
}

#[test]
fn any_number_of_threads_may_use_one_client() {
    let endpoint = endpoint(0..120, 50).build();
    let client = Client::from(client_builder(&endpoint).build().unwrap());
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| assert_eq!(client.list().all().unwrap().len(), 120));
        }
    });
}

/// Reads a request and answers that there is nothing.
fn answer(connection: &TcpStream) {
    let mut lines = BufReader::new(connection).lines();
    while lines.next().is_some_and(|line| !line.unwrap().is_empty()) {}
    let response = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n[]";
    let mut connection = connection;
    connection.write_all(response.as_bytes()).unwrap();
}

/// A connection that the server closes while nothing is asked: the client lets it go then, and not only when it is next used,
/// which would cost the next call an attempt.
#[cfg(feature = "rustls")]
#[test]
fn a_connection_closed_between_two_calls_is_noticed_then() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = Client::builder(ApiKey::new("a-key"))
        .base_url(format!("http://{}", listener.local_addr().unwrap()))
        .budget(KeyBudget::unlimited())
        .build()
        .unwrap();
    let (closed, is_closed) = mpsc::channel();
    let server = std::thread::spawn(move || {
        let (mut first, _) = listener.accept().unwrap();
        answer(&first);
        first.shutdown(Shutdown::Write).unwrap();
        first.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        closed
            .send(first.read(&mut [0]).is_ok_and(|bytes| bytes == 0))
            .unwrap();
        let (second, _) = listener.accept().unwrap();
        answer(&second);
    });
    assert!(client.list().page().unwrap().is_empty());
    assert!(
        is_closed.recv().unwrap(),
        "the client held on to a closed connection"
    );
    assert!(client.list().page().unwrap().is_empty());
    server.join().unwrap();
}
