//! Child processes that cannot outlive their owner: each is the leader of its own process group, and dropping the
//! handle (return, error, panic) ends the whole group.

use std::{
    collections::VecDeque,
    fs::File,
    io::{BufRead as _, BufReader, Read, Write as _},
    os::unix::process::CommandExt as _,
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process_group};

/// How many last lines are kept for messages.
const KEPT_LINES: usize = 40;
/// How long a group may take to stop before it is killed.
const GRACE: Duration = Duration::from_secs(20);

/// A running program with everything that it started.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    heard: Arc<Mutex<Heard>>,
}

/// What a program wrote so far.
#[derive(Debug, Default)]
struct Heard {
    lines: VecDeque<String>,
    marker: Option<&'static str>,
    marked: Option<String>,
    log: Option<File>,
}

impl Process {
    /// Starts `command`. Its output is read, so that it never blocks: the last lines are kept, all of them go to `log`,
    /// and the first one with `marker` is remembered.
    pub(crate) fn spawn(
        command: &mut Command,
        marker: Option<&'static str>,
        log: Option<File>,
    ) -> std::io::Result<Self> {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()?;
        let heard = Arc::new(Mutex::new(Heard { marker, log, ..Heard::default() }));
        if let Some(stdout) = child.stdout.take() {
            listen(stdout, Arc::clone(&heard));
        }
        if let Some(stderr) = child.stderr.take() {
            listen(stderr, Arc::clone(&heard));
        }
        Ok(Self { child, heard })
    }

    /// Process id, which is the id of its group.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// How it ended, if it did.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// The first line with the marker, once there is one.
    pub(crate) fn marked(&self) -> Option<String> {
        self.heard().marked.clone()
    }

    /// Waits for the line with the marker. `Err` with the program's last words if it ends or takes too long.
    pub(crate) async fn wait_for_mark(&mut self, limit: Duration) -> Result<String, String> {
        let deadline = Instant::now() + limit;
        loop {
            if let Some(line) = self.marked() {
                return Ok(line);
            }
            if let Some(status) = self.ended() {
                // The readers may be a moment behind.
                tokio::time::sleep(Duration::from_millis(100)).await;
                return Err(format!("ended with {status}: {}", self.last_words()));
            }
            if Instant::now() > deadline {
                return Err(format!("was not ready within {} s: {}", limit.as_secs(), self.last_words()));
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits until it ends by itself. `Err` with the program's last words if it takes too long; it then ends with the
    /// handle.
    pub(crate) async fn wait(&mut self, limit: Duration) -> Result<ExitStatus, String> {
        let deadline = Instant::now() + limit;
        loop {
            if let Some(status) = self.ended() {
                tokio::time::sleep(Duration::from_millis(100)).await;
                return Ok(status);
            }
            if Instant::now() > deadline {
                return Err(format!("did not end within {} s: {}", limit.as_secs(), self.last_words()));
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// The last lines that it wrote.
    pub(crate) fn last_words(&self) -> String {
        let heard = self.heard();
        if heard.lines.is_empty() {
            return "(no output)".to_owned();
        }
        heard.lines.iter().cloned().collect::<Vec<_>>().join("\n")
    }

    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks the group to stop, waits, and kills what is left.
    pub(crate) fn stop(&mut self) {
        let Some(group) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) else { return };
        let _ = kill_process_group(group, Signal::TERM);
        let deadline = Instant::now() + GRACE;
        while self.ended().is_none() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(20));
        }
        // What the leader left behind goes too; the group's id is not reused while it has members.
        let _ = kill_process_group(group, Signal::KILL);
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.stop();
    }
}

fn listen(stream: impl Read + Send + 'static, heard: Arc<Mutex<Heard>>) {
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            let mut heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(log) = &mut heard.log {
                // A full disk must not stop the program that is listened to.
                let _ = writeln!(log, "{line}");
            }
            if heard.marked.is_none() && heard.marker.is_some_and(|marker| line.contains(marker)) {
                heard.marked = Some(line.clone());
            }
            if heard.lines.len() == KEPT_LINES {
                heard.lines.pop_front();
            }
            heard.lines.push_back(line);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alive(pid: i32) -> bool {
        // An orphan that nobody has reaped yet is dead all the same.
        let state = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        !state.is_empty() && !state.contains(") Z ")
    }

    #[tokio::test]
    async fn dropping_the_handle_ends_grandchildren_too() {
        let mut command = Command::new("sh");
        command.args(["-c", "sleep 600 & echo pid $!; wait"]);
        let mut process = Process::spawn(&mut command, Some("pid"), None).unwrap();
        let line = process.wait_for_mark(Duration::from_secs(10)).await.unwrap();
        let grandchild: i32 = line.trim_start_matches("pid ").parse().unwrap();
        assert!(alive(grandchild));
        drop(process);
        let deadline = Instant::now() + Duration::from_secs(10);
        while alive(grandchild) && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(10));
        }
        assert!(!alive(grandchild));
    }

    #[tokio::test]
    async fn an_early_end_tells_the_last_words() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo out; echo err >&2; exit 3"]);
        let mut process = Process::spawn(&mut command, Some("ready"), None).unwrap();
        let error = process.wait_for_mark(Duration::from_secs(10)).await.unwrap_err();
        assert!(error.contains("out") && error.contains("err") && error.contains('3'), "{error}");
    }

    #[tokio::test]
    async fn everything_goes_to_the_log() {
        let mut command = Command::new("sh");
        command.args(["-c", "for i in $(seq 100); do echo line $i; done"]);
        let mut file = tempfile::NamedTempFile::new().unwrap();
        let log = file.reopen().unwrap();
        let mut process = Process::spawn(&mut command, None, Some(log)).unwrap();
        assert!(process.wait(Duration::from_secs(10)).await.unwrap().success());
        let mut text = String::new();
        file.read_to_string(&mut text).unwrap();
        assert_eq!(text.lines().count(), 100);
    }

    #[tokio::test]
    async fn a_program_that_hangs_is_given_up_with_its_last_words() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo almost there; sleep 600"]);
        let mut process = Process::spawn(&mut command, Some("there"), None).unwrap();
        process.wait_for_mark(Duration::from_secs(10)).await.unwrap();
        let error = process.wait(Duration::from_millis(50)).await.unwrap_err();
        assert!(error.contains("did not end") && error.contains("almost there"), "{error}");
    }
}
