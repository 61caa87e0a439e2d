//! The command line.

mod codec;
mod dictionary;
mod join;
mod query;
mod run;
mod serve;
mod vectors;

use std::fs::File;
use std::io::{self, BufReader, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};

use crate::{cases, log};

/// Every case passed, or the command did its work.
pub const OK: u8 = 0;
/// A case failed.
pub const FAILED: u8 = 1;
/// The command line was wrong, or a file it names.
pub const USAGE: u8 = 2;
/// The target could not be reached.
pub const UNREACHABLE: u8 = 3;

/// Checks servers against the CitizenFX (FiveM/RedM) connection protocol.
///
/// Without a command it starts a server of its own on loopback, joins it over real UDP, ENet and
/// HTTP, and runs every case against it.
#[derive(Parser)]
#[command(version, after_help = EXAMPLES, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    run: RunArgs,
}

const EXAMPLES: &str = "\
Examples:
  cfx-conformance                               check our own server on loopback
  cfx-conformance --target 127.0.0.1:30120      check another server
  cfx-conformance --only 'oob.*'                run some cases
  cfx-conformance list                          what there is to run
  cfx-conformance serve --listen 0.0.0.0:30120  a server for others to test with
  cfx-conformance join 127.0.0.1:30120          join a server and show each step
  cfx-conformance query 127.0.0.1:30120         ask a server what it is
  cfx-conformance log CitizenFX_log.log         the timeline of a client's log
  cfx-conformance vectors --exec ./my-codec     check codecs in any language

Exit status: 0 all is as expected, 1 a case failed, 2 wrong usage, 3 the target cannot be reached.";

#[derive(Subcommand)]
enum Command {
    /// Run the cases (also without this word).
    Run(RunArgs),
    /// List the cases: id, requirement, level, what each does.
    List,
    /// Run a server that lets everyone in, until interrupted.
    Serve(ServeArgs),
    /// Join a server, show each step, and leave.
    Join(JoinArgs),
    /// Ask a server what it is, over UDP and HTTP.
    Query {
        /// Host and port; the port is 30120 where it is left out.
        server: String,
    },
    /// Print the connection timeline of a client's log.
    Log {
        /// The log, such as `CitizenFX_log_2025-12-29T201242.log`.
        file: PathBuf,
    },
    /// Run the vector files against our codecs, or against any that speak the line protocol.
    Vectors(VectorsArgs),
    /// Answer the line protocol on standard input and output: one JSON object a line each way.
    Codec {
        /// The file of the preset dictionary; else the variable `CFX_LZ4_DICTIONARY` names it.
        #[arg(long, value_name = "FILE")]
        dictionary: Option<PathBuf>,
    },
    /// Turn the C table in the reference server's source into the file of the preset dictionary.
    Dictionary {
        /// The table, such as `dict_five_20210329.h`.
        file: PathBuf,
        /// Where to write; the table's name with the ending `.bin`, here, where it is left out.
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
}

/// What to run, and against what.
#[derive(Args, Clone, Default)]
pub struct RunArgs {
    /// The server to check, HOST:PORT; our own on loopback where it is left out.
    #[arg(long, value_name = "HOST:PORT")]
    target: Option<String>,
    /// Run the cases whose id matches; `*` stands for any text. May be given more than once.
    #[arg(long, value_name = "GLOB")]
    only: Vec<String>,
}

/// How to serve.
#[derive(Args, Clone)]
pub struct ServeArgs {
    /// Where to listen, for UDP and TCP; port 0 takes a free one.
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:30120")]
    listen: SocketAddr,
    /// The server's name.
    #[arg(long, value_name = "TEXT", default_value = "cfx-conformance server")]
    hostname: String,
}

/// How to join.
#[derive(Args, Clone)]
pub struct JoinArgs {
    /// Host and port, or an http or https URL; the port is 30120 where it is left out.
    server: String,
    /// The player's name.
    #[arg(long, default_value = "cfx-conformance")]
    name: String,
    /// Seconds to stay before leaving.
    #[arg(long, value_name = "SECONDS", default_value_t = 2, value_parser = clap::value_parser!(u64).range(..=86_400))]
    stay: u64,
    /// A cfxTicket2 (base64), for a server that is not on a local network.
    #[arg(long, value_name = "TICKET")]
    ticket: Option<String>,
}

/// Which codecs to check, and with what.
#[derive(Args, Clone)]
pub struct VectorsArgs {
    /// A command that speaks the line protocol, run through the shell; ours where it is left out.
    #[arg(long, value_name = "COMMAND")]
    exec: Option<String>,
    /// The file of the preset dictionary; else the variable `CFX_LZ4_DICTIONARY` names it. Without
    /// it, our codecs skip the cases that take it. The command is told by that variable.
    #[arg(long, value_name = "FILE")]
    dictionary: Option<PathBuf>,
    /// Run the cases whose id matches; `*` stands for any text. May be given more than once.
    #[arg(long, value_name = "GLOB")]
    only: Vec<String>,
    /// The seconds that the command may take for each answer.
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = vectors::seconds)]
    timeout: Duration,
}

/// Runs the program with the arguments of the process.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => return complain(USAGE, &format!("cannot start: {error}")),
    };
    let command = cli.command.unwrap_or(Command::Run(cli.run));
    let mut out = anstream::stdout();
    let done = match command {
        Command::Run(args) => runtime.block_on(run::run(&args, &mut out)),
        Command::List => list(&mut out),
        Command::Serve(args) => runtime.block_on(serve::serve(&args, &mut out)),
        Command::Join(args) => runtime.block_on(join::join(&args, &mut out)),
        Command::Query { server } => runtime.block_on(query::query(&server, &mut out)),
        Command::Log { file } => timeline(&file, &mut out),
        Command::Vectors(args) => vectors::vectors(args, &mut out),
        Command::Codec { dictionary } => codec::codec(dictionary),
        Command::Dictionary { file, output } => dictionary::dictionary(&file, output, &mut out),
    };
    match done {
        Ok(code) => ExitCode::from(code),
        // A reader that has seen enough, such as `head`, is no error.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::from(OK),
        Err(error) if error.kind() == io::ErrorKind::HostUnreachable => {
            complain(UNREACHABLE, &error.to_string())
        }
        Err(error) => complain(USAGE, &error.to_string()),
    }
}

fn complain(code: u8, text: &str) -> ExitCode {
    eprintln!("cfx-conformance: {text}");
    ExitCode::from(code)
}

fn list(out: &mut impl Write) -> io::Result<u8> {
    for case in cases::all() {
        writeln!(
            out,
            "{:<44} {:<11} {:<6}  {}",
            case.id,
            case.requirement,
            case.level.name(),
            case.about
        )?;
    }
    Ok(OK)
}

fn timeline(file: &Path, out: &mut impl Write) -> io::Result<u8> {
    let opened = File::open(file)
        .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", file.display())))?;
    log::read(BufReader::new(opened))?.print(out)?;
    Ok(OK)
}

/// Finds the address of `HOST` or `HOST:PORT`.
async fn look_up(server: &str) -> io::Result<SocketAddr> {
    let url = cfx_session::client::ServerUrl::parse(server).ok_or_else(|| {
        io::Error::new(io::ErrorKind::InvalidInput, format!("{server}: give HOST or HOST:PORT"))
    })?;
    let unknown = || {
        io::Error::new(io::ErrorKind::HostUnreachable, format!("{server}: no such host is known"))
    };
    let mut found = tokio::net::lookup_host(url.endpoint()).await.map_err(|_| unknown())?;
    let found = found.next().ok_or_else(unknown)?;
    // Datagrams come from the canonical form, so that is who is waited for.
    Ok(SocketAddr::new(found.ip().to_canonical(), found.port()))
}
