//! A command that speaks the line protocol.

use std::io::{self, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use super::{Case, Trouble};
use crate::codec::lines::{Line, read_line};
use crate::codec::{Answer, MAX_LINE};

/// The environment variable that names the file of the preset dictionary.
pub const DICTIONARY: &str = "CFX_LZ4_DICTIONARY";

/// How many answers may lie unread before the command has to wait.
const READ_AHEAD: usize = 64;

/// How long a command may take to end whose output has ended, until the report does without its
/// exit status.
const ENDING: Duration = Duration::from_secs(1);

/// How often it is looked whether a command has ended.
const POLL: Duration = Duration::from_millis(5);

/// A running command. Its requests are written ahead by a thread of their own, and its answers read
/// by another, so that neither side waits for the other's pipe; what it writes to its standard error
/// is the program's. When this is dropped, the command is killed with all that it started.
#[derive(Debug)]
pub struct Peer {
    child: Child,
    lines: Receiver<(Line, Vec<u8>)>,
    limit: Duration,
    /// Whether there was a [`Trouble::Over`].
    over: bool,
}

impl Peer {
    /// Starts a command through the shell and gives it the cases' requests. Each answer may take
    /// `limit`. The file of the preset dictionary is named to it by [`DICTIONARY`].
    ///
    /// # Errors
    /// When there is no shell to start.
    pub fn start<'a>(
        command: &str,
        cases: impl IntoIterator<Item = &'a Case>,
        dictionary: Option<&Path>,
        limit: Duration,
    ) -> io::Result<Self> {
        let mut shell = shell(command);
        shell.stdin(Stdio::piped()).stdout(Stdio::piped());
        if let Some(file) = dictionary {
            shell.env(DICTIONARY, std::path::absolute(file)?);
        }
        let mut child = shell.spawn()?;
        let (sender, lines) = sync_channel(READ_AHEAD);
        if let (Some(stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) {
            let requests: String = cases.into_iter().map(Case::request).collect();
            thread::spawn(move || write_all(stdin, &requests));
            thread::spawn(move || read_all(stdout, &sender));
        }
        Ok(Self { child, lines, limit, over: false })
    }

    /// The answer to the next request, which was that of `case`.
    ///
    /// # Errors
    /// [`Trouble::NoAnswer`] for a line that is none, [`Trouble::Over`] when the command has ended,
    /// takes too long, or answers another request.
    pub fn answer(&mut self, case: &Case) -> Result<Answer, Trouble> {
        let answer = self.read_answer(case);
        self.over |= matches!(answer, Err(Trouble::Over(_)));
        answer
    }

    fn read_answer(&mut self, case: &Case) -> Result<Answer, Trouble> {
        let (kind, line) = match self.lines.recv_timeout(self.limit) {
            Ok(line) => line,
            Err(RecvTimeoutError::Timeout) => {
                let seconds = self.limit.as_secs_f64();
                return Err(Trouble::Over(format!("no answer within {seconds} s")));
            }
            Err(RecvTimeoutError::Disconnected) => {
                let text = match self.ended(ENDING) {
                    Some(status) => format!("the command ended ({status}) instead of answering"),
                    None => "the command closed its output instead of answering".to_owned(),
                };
                return Err(Trouble::Over(text));
            }
        };
        if kind == Line::TooLong {
            return Err(Trouble::NoAnswer(format!("a line of over {MAX_LINE} bytes")));
        }
        let text = || String::from_utf8_lossy(&line);
        match Answer::from_line(&line) {
            Ok((id, answer)) if id == *case.id => Ok(answer),
            Ok((id, _)) => Err(Trouble::Over(format!(
                "an answer to {id}; answers come in the order of the requests"
            ))),
            Err(_) if kind == Line::Cut => {
                Err(Trouble::Over(format!("output that ended within a line: {}", text())))
            }
            Err(error) => Err(Trouble::NoAnswer(format!("no answer ({error}): {}", text()))),
        }
    }

    /// Lets the command end by itself, now that its input has; kills it when that takes longer than
    /// an answer may, and at once when it is the command's fault that there are no more answers.
    pub fn finish(mut self) {
        let limit = self.limit;
        if !self.over {
            let _ = self.ended(limit);
        }
    }

    /// Waits for the command's end.
    fn ended(&mut self, limit: Duration) -> Option<ExitStatus> {
        let begun = Instant::now();
        loop {
            match self.child.try_wait() {
                Ok(None) if begun.elapsed() < limit => thread::sleep(POLL),
                Ok(status) => return status,
                Err(_) => return None,
            }
        }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // Once it has been waited for, its id may be another's.
        if matches!(self.child.try_wait(), Ok(None)) {
            #[cfg(unix)]
            {
                use rustix::process::{Pid, Signal, kill_process_group};
                let _ = kill_process_group(Pid::from_child(&self.child), Signal::KILL);
            }
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// The command, in a process group of its own so that all of it can be killed.
#[cfg(unix)]
fn shell(command: &str) -> Command {
    use std::os::unix::process::CommandExt;

    let mut shell = Command::new("sh");
    shell.args(["-c", command]).process_group(0);
    shell
}

#[cfg(not(unix))]
fn shell(command: &str) -> Command {
    let mut shell = Command::new("cmd");
    shell.args(["/C", command]);
    shell
}

/// Writes the requests, until nobody takes them, and ends the command's input.
fn write_all(mut stdin: ChildStdin, requests: &str) {
    let _ = stdin.write_all(requests.as_bytes());
}

/// Reads answers until they end or nobody wants them.
fn read_all(stdout: ChildStdout, lines: &SyncSender<(Line, Vec<u8>)>) {
    let mut stdout = BufReader::new(stdout);
    let mut line = Vec::new();
    while let Ok(Some(kind)) = read_line(&mut stdout, MAX_LINE, &mut line) {
        if lines.send((kind, std::mem::take(&mut line))).is_err() {
            return;
        }
    }
}
