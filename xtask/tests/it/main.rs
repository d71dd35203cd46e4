//! xtask run as a person runs it, in a small workspace with a fake app.

mod arguments;
mod artifacts;
mod build;
mod commands;
mod complete;
mod dev;
mod doctor;
mod explain;
mod man;
mod names;
mod prod;
mod pty;
mod random;
mod sandbox;
mod scaffolding;
mod scripts;
mod signals;
mod tidy;
mod workspace;
