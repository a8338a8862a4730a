//! `shoal`, the command line of Shoal.

use std::io::IsTerminal;
use std::process::ExitCode;

use cli::output::{Output, Terminal};

#[tokio::main]
async fn main() -> ExitCode {
    let terminal = Terminal {
        stdout: std::io::stdout().is_terminal(),
        stderr: std::io::stderr().is_terminal(),
    };
    let (mut out, mut err) = (std::io::stdout(), std::io::stderr());
    cli::main(std::env::args_os(), &mut Output::new(&mut out, &mut err, terminal)).await
}
