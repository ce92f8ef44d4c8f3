//! The sandbox inside this program, which `--sandbox` asks for.

use chrono::Utc;
use mateo_sandbox::{Endpoint, Limits, Sandbox, SandboxTransport, Simulation};

/// The key that the sandbox inside this program takes; it opens nothing else.
pub(crate) const KEY: &str = "sandbox-key";

/// What it allows a day, more than the API does: a live view of it needn't spare requests.
pub(crate) const PER_DAY: u32 = 100_000;

/// The seed of what happens while it is watched.
pub(crate) const SEED: u64 = 11;

/// A small company's imports, seen now, which go on while a command looks at them.
pub(crate) fn transport() -> SandboxTransport {
    let now = Utc::now();
    let endpoint = Endpoint::builder(Sandbox::example(now))
        .api_key(KEY)
        .limits(Limits::default().per_day(PER_DAY))
        .simulation(Simulation::new(SEED))
        .starting_at(now)
        .build();
    SandboxTransport::new(endpoint)
}
