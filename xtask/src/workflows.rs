//! The files that only GitHub reads: that they are YAML, and that a workflow trusts no more than it must.

use std::fs;

use serde_json::Value;

use crate::shell::{self, root};
use crate::{Result, source};

pub(crate) fn run() -> Result {
    let mut wrong = Vec::new();
    let files = source::files(&[".github/*.yml"])?;
    for path in &files {
        let name = path.strip_prefix(root())?.display().to_string();
        match serde_saphyr::from_str(&fs::read_to_string(path)?) {
            Err(error) => wrong.push(format!("{name}: {error}")),
            Ok(workflow) if name.contains("/workflows/") => {
                wrong.extend(
                    faults(&workflow)
                        .into_iter()
                        .map(|fault| format!("{name}: {fault}")),
                );
            }
            Ok(_) => {}
        }
    }
    println!("{} files", files.len());
    shell::none_wrong(&wrong)
}

/// What a workflow lacks.
fn faults(workflow: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    if workflow["permissions"]["contents"] != "read" {
        faults.push("grants more than `contents: read` to all its jobs".to_owned());
    }
    for (name, job) in workflow["jobs"].as_object().into_iter().flatten() {
        if !job["timeout-minutes"].is_number() {
            faults.push(format!("the job {name} has no timeout-minutes"));
        }
        for step in job["steps"].as_array().into_iter().flatten() {
            let Some(action) = step["uses"].as_str() else {
                continue;
            };
            let commit = action.split_once('@').map_or("", |(_, commit)| commit);
            if commit.len() != 40 || !commit.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                faults.push(format!("{action} in {name} is not pinned to a commit"));
            }
            if action.starts_with("actions/checkout@") && step["with"]["persist-credentials"] != false {
                faults.push(format!("the checkout in {name} keeps its credentials"));
            }
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::faults;

    fn of(workflow: &str) -> Vec<String> {
        faults(&serde_saphyr::from_str(workflow).unwrap())
    }

    #[test]
    fn a_workflow_that_trusts_too_much_is_found_out() {
        let loose = "jobs: {a: {steps: [{uses: actions/checkout@v6}]}}";
        assert_eq!(of(loose).len(), 4);
        let strict = "permissions: {contents: read}\njobs: {a: {timeout-minutes: 5, steps: [{run: x}, \
                      {uses: actions/checkout@0123456789012345678901234567890123456789, \
                      with: {persist-credentials: false}}]}}";
        assert_eq!(of(strict), [""; 0]);
    }
}
