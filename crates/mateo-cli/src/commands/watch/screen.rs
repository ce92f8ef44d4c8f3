//! The whole terminal for a live view, given back however it ends.

use std::io::{self, Write as _, stdout};
use std::time::Duration;

use crossterm::cursor::{Hide, MoveTo, Show};
use crossterm::event::{self, Event, KeyCode, KeyModifiers};
use crossterm::terminal::{self, Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen};
use crossterm::{execute, queue};

use crate::failure::{Code, Failure};

/// What a key asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    Quit,
    Interrupt,
}

/// The terminal while a live view has it.
#[derive(Debug)]
pub(super) struct Screen {
    drawn: Vec<String>,
    size: (usize, usize),
}

impl Screen {
    /// Takes the terminal: a screen of its own, keys as they are pressed, no cursor.
    pub(super) fn open() -> Result<Self, Failure> {
        terminal::enable_raw_mode().map_err(failed)?;
        // From here on dropping it gives the terminal back.
        let screen = Self {
            drawn: Vec::new(),
            size: (0, 0),
        };
        execute!(stdout(), EnterAlternateScreen, Hide).map_err(failed)?;
        Ok(screen)
    }

    /// Columns and lines.
    pub(super) fn size() -> (usize, usize) {
        match terminal::size() {
            Ok((columns, lines)) if columns > 0 && lines > 0 => (columns.into(), lines.into()),
            _ => (80, 24),
        }
    }

    /// Draws the lines over what is there; only lines that changed are written, so that nothing flickers.
    pub(super) fn draw(&mut self, lines: &[String]) -> Result<(), Failure> {
        let size = Self::size();
        if size != self.size {
            self.size = size;
            self.drawn.clear();
            queue!(stdout(), Clear(ClearType::All)).map_err(failed)?;
        }
        let before = std::mem::replace(&mut self.drawn, lines.to_vec());
        let mut out = stdout().lock();
        for (number, line) in (0_u16..).zip(lines) {
            if before.get(usize::from(number)) != Some(line) {
                queue!(out, MoveTo(0, number), Clear(ClearType::CurrentLine)).map_err(failed)?;
                out.write_all(line.as_bytes()).map_err(failed)?;
            }
        }
        if lines.len() < before.len() {
            let below = u16::try_from(lines.len()).unwrap_or(u16::MAX);
            queue!(out, MoveTo(0, below), Clear(ClearType::FromCursorDown)).map_err(failed)?;
        }
        out.flush().map_err(failed)
    }

    /// The key that was pressed, if it asks for something.
    pub(super) fn key() -> Result<Option<Key>, Failure> {
        while event::poll(Duration::ZERO).map_err(failed)? {
            if let Event::Key(key) = event::read().map_err(failed)? {
                match key.code {
                    // Keys come as they are, so this Ctrl-C is no signal.
                    KeyCode::Char('c' | 'C') if key.modifiers.contains(KeyModifiers::CONTROL) => {
                        return Ok(Some(Key::Interrupt));
                    }
                    KeyCode::Char('q' | 'Q') | KeyCode::Esc => return Ok(Some(Key::Quit)),
                    _ => {}
                }
            }
        }
        Ok(None)
    }
}

fn failed(error: io::Error) -> Failure {
    Failure::new(Code::Failed, "the terminal can't be used for a live view")
        .advice("pipe the output to get one line an event: mateo imports watch | cat")
        .source(error)
}

/// However it ends, the terminal is as it was.
impl Drop for Screen {
    fn drop(&mut self) {
        // If the terminal is gone there is nobody to tell.
        let _ = execute!(stdout(), LeaveAlternateScreen, Show);
        let _ = terminal::disable_raw_mode();
    }
}
