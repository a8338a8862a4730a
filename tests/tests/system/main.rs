//! System tests: real nats-server, real processes, real signals.

mod bad_input;
mod foreign_server;
mod http_edge;
mod lifecycle;
mod recovery;
mod whole_run;
