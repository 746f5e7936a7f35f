//! A folder for each test, and the binary run in it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

/// A document without findings of the categories `syntax` and `schema`; tests that need none at all select those, since advice comes and goes.
pub const GOOD: &str = "<domain type='kvm'>
  <name>good</name>
  <memory>1048576</memory>
  <os><type arch='x86_64' machine='q35'>hvm</type></os>
</domain>
";

/// The code of the finding of [`bad`].
pub const CODE: &str = "schema/unknown-element";

/// The document with one element that libvirt does not know, at line 4, column 4.
pub fn bad() -> String {
    GOOD.replace("  <os>", "  <vcpuu>4</vcpuu>\n  <os>")
}

/// A document with `count` such elements.
pub fn very_bad(count: usize) -> String {
    GOOD.replace("  <os>", &format!("{}  <os>", "  <vcpuu>4</vcpuu>\n".repeat(count)))
}

/// A folder that goes away with the test.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("cli-{}-{number}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    /// A folder with files in it, by path and contents.
    pub fn with(files: &[(&str, &str)]) -> Self {
        let folder = Folder::new();
        for (path, text) in files {
            folder.write(path, text);
        }
        folder
    }

    pub fn path(&self, path: &str) -> PathBuf {
        self.0.join(path)
    }

    pub fn write(&self, path: impl AsRef<Path>, text: impl AsRef<[u8]>) {
        let path = self.0.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// The binary, about to run in the folder with nothing of this machine's environment that could change what it prints.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_virdict"));
        command.args(arguments).current_dir(&self.0).stdin(Stdio::null());
        for name in ["GITHUB_ACTIONS", "NO_COLOR", "CLICOLOR_FORCE", "TERM", "LC_ALL", "LC_CTYPE", "LANG"] {
            command.env_remove(name);
        }
        // The user's own excludes must not decide about a test.
        command.env("HOME", &self.0).env("XDG_CONFIG_HOME", self.0.join("none"));
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Ran {
        Ran::from(self.command(arguments).output().unwrap())
    }

    /// `check` in the format that is easiest to take apart, with the one code that the documents here are about.
    pub fn check(&self, arguments: &[&str]) -> Ran {
        self.run(
            &[
                &[
                    "check",
                    "--output-format",
                    "concise",
                    "--select",
                    "schema/unknown-element,schema/not-libvirt,syntax",
                ],
                arguments,
            ]
            .concat(),
        )
    }

    pub fn run_with_input(&self, arguments: &[&str], input: &[u8]) -> Ran {
        use std::io::Write;
        let mut child = self
            .command(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let input = input.to_vec();
        let writer = std::thread::spawn(move || {
            // A program that does not read its input to the end is judged by what it prints.
            let _ = stdin.write_all(&input);
        });
        let output = child.wait_with_output().unwrap();
        writer.join().unwrap();
        Ran::from(output)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// What a run left behind.
#[derive(Debug)]
pub struct Ran {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Ran {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).expect("reports are UTF-8"),
            err: String::from_utf8(output.stderr).expect("messages are UTF-8"),
        }
    }
}

impl Ran {
    /// The paths of a concise report, in order.
    pub fn paths(&self) -> Vec<&str> {
        self.out.lines().map(|line| line.split(':').next().unwrap()).collect()
    }

    /// The objects of a report in JSON Lines.
    pub fn objects(&self) -> Vec<serde_json::Value> {
        self.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}
