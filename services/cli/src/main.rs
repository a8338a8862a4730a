//! `shoal`, the command line of Shoal.

use std::process::ExitCode;

use cli::output::{Output, Screens};

#[tokio::main]
async fn main() -> ExitCode {
    let (mut out, mut err) = (std::io::stdout(), std::io::stderr());
    let screens = Screens::of(&out, &err);
    cli::main(std::env::args_os(), &mut Output::new(&mut out, &mut err, screens)).await
}
