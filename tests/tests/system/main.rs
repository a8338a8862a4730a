//! System tests: real nats-server, real processes, real signals.

#![expect(clippy::unwrap_used, reason = "a helper of a test fails as the test does")]

mod any_client;
mod bad_input;
mod cli_config;
mod cli_views;
mod cluster;
mod control;
mod deletion;
mod diff;
mod doctor;
mod edge_cases;
mod edge_contract;
mod ensemble;
mod events;
mod export;
mod export_edge;
mod faulty;
mod foreign_server;
mod full;
mod guardian;
mod hostile_edge;
mod http_control;
mod http_edge;
mod http_interviews;
mod http_memory;
mod hung;
mod interviews;
mod launchers;
mod lifecycle;
mod outage;
mod ownership;
mod page;
mod past;
mod quiet;
mod read_model;
mod recovery;
mod simulations;
mod snapshots;
mod sources;
mod stopping;
mod store;
mod went_back;
mod whole_run;
mod zombie;
