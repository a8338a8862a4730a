//! `shoal-simulator`: see the library.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    kit::exit("shoal-simulator", simulator::main().await)
}
