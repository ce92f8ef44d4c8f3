//! Ctrl-C and SIGTERM.

use std::time::Duration;

use crate::failure::{Code, Failure};

/// So long the program has to end by itself. A write to a pipe that nobody reads can't be interrupted otherwise.
const GRACE: Duration = Duration::from_secs(1);

/// Resolves on Ctrl-C or SIGTERM, with the exit code that stands for it.
///
/// The signals are waited for on a thread of their own, which ends the program after a grace where the main thread is
/// stuck in a write.
pub(crate) fn interrupted() -> Result<impl Future<Output = Code>, Failure> {
    let failed = |error| Failure::new(Code::Failed, "could not listen for Ctrl-C").source(error);
    let (tell, told) = tokio::sync::oneshot::channel();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(failed)?;
    let signals = {
        let _inside = runtime.enter();
        Signals::new().map_err(failed)?
    };
    std::thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || {
            let code = runtime.block_on(signals.first());
            let _ = tell.send(code);
            std::thread::sleep(GRACE);
            std::process::exit(code as i32);
        })
        .map_err(failed)?;
    Ok(async move {
        match told.await {
            Ok(code) => code,
            // The thread is gone, and with it the one who could interrupt.
            Err(_) => std::future::pending().await,
        }
    })
}

#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn first(mut self) -> Code {
        tokio::select! {
            _ = self.interrupt.recv() => Code::Interrupted,
            _ = self.terminate.recv() => Code::Terminated,
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self)
    }

    async fn first(self) -> Code {
        match tokio::signal::ctrl_c().await {
            Ok(()) => Code::Interrupted,
            Err(_) => std::future::pending().await,
        }
    }
}
