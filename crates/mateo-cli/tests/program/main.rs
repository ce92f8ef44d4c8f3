//! The program as a person and a script see it: whole transcripts, against the sandbox over a real socket.

mod changes;
mod errors;
mod list;
mod one;
mod pipes;
mod sandbox;
mod support;
mod tools;
