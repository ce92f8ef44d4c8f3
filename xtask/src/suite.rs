//! The tests, by the very command that the README gives, with the sum of what they say.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use crate::{Result, shell};

/// The README's second command, after `cargo`.
const COMMAND: [&str; 2] = ["test", "--workspace"];

pub(crate) fn run() -> Result {
    let mut command = shell::cargo(COMMAND);
    println!("$ {}", shell::line(&command));
    let mut child = command.stdout(Stdio::piped()).spawn()?;
    let mut sum = Sum::default();
    if let Some(output) = child.stdout.take() {
        for line in BufReader::new(output).lines() {
            let line = line?;
            println!("{line}");
            sum.read(&line);
        }
    }
    let status = child.wait()?;
    println!(
        "tests in all: {} passed; {} failed; {} ignored; in {} programs",
        sum.passed, sum.failed, sum.ignored, sum.programs
    );
    if status.success() {
        Ok(())
    } else {
        Err("a test failed, or did not build".into())
    }
}

/// What the closing lines of all test programs add up to.
#[derive(Debug, Default, PartialEq, Eq)]
struct Sum {
    programs: usize,
    passed: usize,
    failed: usize,
    ignored: usize,
}

impl Sum {
    /// Takes in a line such as `test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; …`.
    fn read(&mut self, line: &str) {
        let Some((_, counts)) = line
            .strip_prefix("test result: ")
            .and_then(|rest| rest.split_once(". "))
        else {
            return;
        };
        self.programs += 1;
        for part in counts.split("; ") {
            match part
                .split_once(' ')
                .map(|(count, what)| (count.parse().unwrap_or(0), what))
            {
                Some((count, "passed")) => self.passed += count,
                Some((count, "failed")) => self.failed += count,
                Some((count, "ignored")) => self.ignored += count,
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Sum;

    #[test]
    fn closing_lines_add_up_and_others_are_passed_over() {
        let mut sum = Sum::default();
        sum.read(
            "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s",
        );
        sum.read("test recorded::every_row ... ok");
        sum.read("test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 9.9s");
        assert_eq!(
            sum,
            Sum {
                programs: 2,
                passed: 15,
                failed: 2,
                ignored: 1
            }
        );
    }
}
