//! The sandbox inside this program, which `--sandbox` asks for.

use chrono::Utc;
use mateo_sandbox::{Endpoint, Life, Rows, Sandbox, SandboxTransport};

/// The key that the sandbox inside this program takes; it opens nothing else.
pub(crate) const KEY: &str = "sandbox-key";

/// The seed of what happens while it is watched.
pub(crate) const SEED: u64 = 11;

/// A small company's imports, seen now, which go on while a command looks at them.
pub(crate) fn transport() -> SandboxTransport {
    let now = Utc::now();
    let sandbox = Sandbox::builder().rows(Rows::example(now)).build();
    let endpoint = Endpoint::builder(sandbox)
        .api_key(KEY)
        .life(Life::new(SEED))
        .starting_at(now)
        .build();
    SandboxTransport::new(endpoint)
}
