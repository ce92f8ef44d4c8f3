//! The clients in Rust.

use std::collections::BTreeSet;
use std::time::Instant;

use mateo_imports::{ApiKey, Column, KeyBudget, columns};
use postgrest::Postgrest;
use serde::Deserialize;

use crate::Result;
use crate::task::{Answer, Client, Form, OTHER, Task};

#[derive(Deserialize)]
struct Row {
    id: String,
}

pub async fn ask(client: Client, task: &Task) -> Result<Answer> {
    let start = Instant::now();
    let mut answer = match task.form {
        Some(form) => {
            let mut found = Vec::new();
            for value in &task.values {
                found.push(find(client, task, form, value).await.ok());
            }
            Answer {
                found: Some(found),
                ..Answer::default()
            }
        }
        None => match client {
            Client::Ours => all_ours(task).await,
            _ => all_by_offset(client, task).await,
        },
    };
    answer.seconds = Some(start.elapsed().as_secs_f64());
    Ok(answer)
}

async fn find(client: Client, task: &Task, form: Form, value: &str) -> Result<BTreeSet<String>> {
    let text = match client {
        Client::Ours => {
            let reference: Column<String> = columns::REFERENCE_ID;
            let filter = match form {
                Form::Eq => reference.eq(value),
                Form::In => reference.in_([value, OTHER]),
                Form::Or => reference.eq(value).or(reference.eq(OTHER)),
            };
            let rows = ours(task)?.list().filter(filter).select::<Row>().all().await?;
            return Ok(rows.into_iter().map(|row| row.id).collect());
        }
        Client::PostgrestRs => {
            let query = postgrest(task).from("import").select("id");
            let query = match form {
                Form::Eq => query.eq("reference_id", value),
                Form::In => query.in_("reference_id", [value, OTHER]),
                Form::Or => query.or(format!("reference_id.eq.{value},reference_id.eq.{OTHER}")),
            };
            let response = query.execute().await?;
            let ok = response.status().is_success();
            let text = response.text().await?;
            if ok { text } else { return Err(text.into()) }
        }
        _ => {
            let (key, value) = match form {
                Form::Eq => ("reference_id", format!("eq.{value}")),
                Form::In => ("reference_id", format!("in.({value},{OTHER})")),
                Form::Or => ("or", format!("(reference_id.eq.{value},reference_id.eq.{OTHER})")),
            };
            get(task, &[("select", "id"), (key, &value)]).await?
        }
    };
    let rows: Vec<Row> = serde_json::from_str(&text)?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

fn ours(task: &Task) -> Result<mateo_imports::Client> {
    let client =
        mateo_imports::Client::builder(ApiKey::new(task.key)).base_url(task.base.trim_end_matches("/api/v1"));
    Ok(if task.limited {
        client
    } else {
        client.budget(KeyBudget::unlimited())
    }
    .build()?)
}

fn postgrest(task: &Task) -> Postgrest {
    Postgrest::new(&task.base).insert_header("Authorization", format!("Bearer {}", task.key))
}

async fn all_ours(task: &Task) -> Answer {
    let mut answer = Answer::default();
    let client = match ours(task) {
        Ok(client) => client,
        Err(error) => {
            return Answer {
                error: Some(error.to_string()),
                ..answer
            };
        }
    };
    let mut rows = client.list().stream();
    loop {
        match rows.try_next().await {
            Ok(Some(_)) => answer.rows += 1,
            Ok(None) => return answer,
            Err(error) => {
                return Answer {
                    error: Some(error.to_string()),
                    ..answer
                };
            }
        }
    }
}

/// The loop one writes: pages by offset until one is short. Unpaged it is the one request for all.
async fn all_by_offset(client: Client, task: &Task) -> Answer {
    let mut answer = Answer::default();
    loop {
        let page = page(client, task, answer.rows).await;
        let rows = match page.and_then(|text| Ok(serde_json::from_str::<Vec<serde_json::Value>>(&text)?)) {
            Ok(rows) => rows.len(),
            Err(error) => {
                return Answer {
                    error: Some(error.to_string()),
                    ..answer
                };
            }
        };
        answer.rows += rows;
        if !task.paged || rows < 50 {
            return answer;
        }
    }
}

async fn page(client: Client, task: &Task, from: usize) -> Result<String> {
    if client == Client::PlainReqwest {
        let offset = from.to_string();
        let window: &[(&str, &str)] = if task.paged {
            &[("limit", "50"), ("offset", &offset)]
        } else {
            &[]
        };
        return get(task, window).await;
    }
    let query = postgrest(task).from("import").select("*");
    let query = if task.paged {
        query.range(from, from + 49)
    } else {
        query
    };
    let response = query.execute().await?;
    let ok = response.status().is_success();
    let text = response.text().await?;
    if ok { Ok(text) } else { Err(text.into()) }
}

async fn get(task: &Task, query: &[(&str, &str)]) -> Result<String> {
    thread_local! {
        static CLIENT: reqwest::Client = reqwest::Client::new();
    }
    let client = CLIENT.with(Clone::clone);
    let response = client
        .get(format!("{}/import", task.base))
        .bearer_auth(task.key)
        .query(query)
        .send()
        .await?;
    let ok = response.status().is_success();
    let text = response.text().await?;
    if ok { Ok(text) } else { Err(text.into()) }
}
