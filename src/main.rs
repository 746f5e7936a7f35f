//! Arguments in, exit code out.

fn main() -> std::process::ExitCode {
    std::process::ExitCode::from(virdict::cli::main(std::env::args_os()))
}
