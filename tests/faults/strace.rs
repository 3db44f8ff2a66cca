//! System calls as strace writes them down: whole calls, with the bytes that went through them.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::process::Command;

/// One system call that came back.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) name: String,
    /// What stands behind its descriptors, in order: paths, or `socket:[…]`.
    pub(crate) files: Vec<String>,
    /// The texts among its arguments, as bytes.
    pub(crate) texts: Vec<Vec<u8>>,
    /// Everything else between the parentheses.
    bare: String,
    /// What it gave.
    pub(crate) result: i64,
    /// Its places in the record: it began after everything that ended before `began`.
    pub(crate) began: usize,
    pub(crate) ended: usize,
}

/// A command under which a program runs and its system calls are written to a file. Fails where that is not permitted.
pub(crate) fn under(to: &Path, calls: &str) -> Vec<String> {
    let probe = Command::new("strace")
        .args(["-o", "/dev/null", "-e", "trace=exit_group", "true"])
        .output();
    match probe {
        Ok(output) if output.status.success() => {}
        Ok(output) => panic!(
            "strace may not trace here ({}): {}\nThis test shows what is synced before an answer; it needs ptrace, which \
             a container must permit (--cap-add SYS_PTRACE, or a seccomp profile that allows it)",
            output.status,
            String::from_utf8_lossy(&output.stderr).trim()
        ),
        Err(error) => panic!(
            "strace does not start: {error}. `tests/run` puts it on the PATH; `apt-get install strace` does for good"
        ),
    }
    let mut command: Vec<String> = ["strace", "-f", "-y", "-s", "33554432", "-o"]
        .map(str::to_owned)
        .to_vec();
    command.push(to.to_str().expect("a path in UTF-8").to_owned());
    command.extend(["-e".to_owned(), format!("trace={calls}"), "--".to_owned()]);
    command
}

/// Reads a record; calls that never came back are left out.
pub(crate) fn read(path: &Path) -> Vec<Call> {
    let text = fs::read(path).expect("strace has written");
    let mut calls = Vec::new();
    // By thread: what was begun and not ended.
    let mut begun: HashMap<&[u8], (usize, Vec<u8>)> = HashMap::new();
    for (nth, line) in text.split(|byte| *byte == b'\n').enumerate() {
        let Some(space) = line.iter().position(|byte| *byte == b' ') else {
            continue;
        };
        let (thread, rest) = line.split_at(space);
        let rest = rest.trim_ascii_start();
        if let Some(open) = rest.strip_suffix(b" <unfinished ...>") {
            begun.insert(thread, (nth, open.to_vec()));
            continue;
        }
        let (began, whole) = match rest.strip_prefix(b"<... ") {
            None => (nth, rest.to_vec()),
            Some(resumed) => {
                let Some((began, mut whole)) = begun.remove(thread) else {
                    continue;
                };
                let after = find(resumed, b" resumed>").map_or(0, |at| at + b" resumed>".len());
                whole.extend_from_slice(&resumed[after..]);
                (began, whole)
            }
        };
        calls.extend(parse(&whole, began, nth));
    }
    calls
}

fn parse(line: &[u8], began: usize, ended: usize) -> Option<Call> {
    let open = line.iter().position(|byte| *byte == b'(')?;
    let equals = line
        .windows(4)
        .rposition(|four| four == b") = ")
        .or_else(|| {
            // strace pads short lines.
            let at = line.windows(2).rposition(|two| two == b"= ")?;
            line[..at].iter().rposition(|byte| *byte == b')')
        })?;
    let result = str::from_utf8(&line[equals + 1..]).ok()?;
    let result = result.trim_start_matches([' ', '=']);
    let digits = result
        .find(|c: char| !c.is_ascii_digit() && c != '-')
        .unwrap_or(result.len());
    let mut call = Call {
        name: str::from_utf8(&line[..open]).ok()?.to_owned(),
        files: Vec::new(),
        texts: Vec::new(),
        bare: String::new(),
        result: result[..digits].parse().ok()?,
        began,
        ended,
    };
    call.scan(&line[open + 1..equals]);
    Some(call)
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    memchr::memmem::find(text, what)
}

impl Call {
    /// The number of the file it was about, its first argument.
    pub(crate) fn descriptor(&self) -> Option<i64> {
        self.bare.split([',', ' ']).next()?.parse().ok()
    }

    /// What went through it, as far as it went.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.texts.concat();
        bytes.truncate(usize::try_from(self.result).unwrap_or(0));
        bytes
    }

    /// The numbers among its arguments, those within structures left out.
    pub(crate) fn numbers(&self) -> Vec<i64> {
        let words = self.bare.split([',', ' ']);
        words.filter_map(|word| word.parse().ok()).collect()
    }

    /// Whether a flag was given.
    pub(crate) fn has(&self, flag: &str) -> bool {
        self.bare.contains(flag)
    }

    fn scan(&mut self, mut args: &[u8]) {
        while let Some((first, rest)) = args.split_first() {
            args = match first {
                b'"' => {
                    let (text, rest) = text(rest);
                    self.texts.push(text);
                    rest
                }
                b'<' => {
                    let end = memchr::memchr(b'>', rest).unwrap_or(rest.len());
                    let mut file = String::from_utf8_lossy(&rest[..end]).into_owned();
                    let rest = rest.get(end + 1..).unwrap_or_default();
                    // Another file may have its name by now.
                    let gone = rest.strip_prefix(b"(deleted)");
                    file.push_str(gone.map_or("", |_| " (deleted)"));
                    self.files.push(file);
                    gone.unwrap_or(rest)
                }
                byte => {
                    self.bare.push(char::from(*byte));
                    rest
                }
            };
        }
    }
}

/// A text up to its closing quote, as the bytes it stands for, and what follows it.
fn text(mut args: &[u8]) -> (Vec<u8>, &[u8]) {
    // Files are mostly zeros.
    const ZEROS: [u8; 256] = {
        let mut zeros = [b'\\'; 256];
        let mut at = 1;
        while at < 256 {
            zeros[at] = b'0';
            at += 2;
        }
        zeros
    };
    let mut text = Vec::new();
    loop {
        if args.starts_with(&ZEROS) && !args.get(256).is_some_and(u8::is_ascii_digit) {
            text.resize(text.len() + 128, 0);
            args = &args[256..];
            continue;
        }
        let Some(at) = memchr::memchr2(b'"', b'\\', args) else {
            return (text, &[]);
        };
        text.extend_from_slice(&args[..at]);
        if args[at] == b'"' {
            return (text, &args[at + 1..]);
        }
        let (byte, rest) = escaped(&args[at + 1..]);
        text.push(byte);
        args = rest;
    }
}

/// What a backslash stands before, as in C.
fn escaped(args: &[u8]) -> (u8, &[u8]) {
    let digits = args
        .iter()
        .take(3)
        .take_while(|byte| (b'0'..=b'7').contains(byte));
    let count = digits.count();
    if count > 0 {
        let value = args[..count]
            .iter()
            .fold(0, |value, digit| value * 8 + u32::from(digit - b'0'));
        return (value as u8, &args[count..]);
    }
    let Some((first, rest)) = args.split_first() else {
        return (b'\\', args);
    };
    let byte = match first {
        b'n' => b'\n',
        b't' => b'\t',
        b'r' => b'\r',
        b'v' => 11,
        b'f' => 12,
        b'a' => 7,
        b'b' => 8,
        other => *other,
    };
    (byte, rest)
}

#[test]
fn calls_are_read_as_strace_writes_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("record");
    let record = r#"12 write(3</a b>, "\0\1772\"\n", 5) = 5
13 fdatasync(9</x/db> <unfinished ...>
12 writev(4<socket:[77]>, [{iov_base="ab", iov_len=2}, {iov_base="cd", iov_len=2}], 2) = 3
13 <... fdatasync resumed>)               = 0
12 openat(AT_FDCWD</>, "/x/new", O_WRONLY|O_CREAT|O_CLOEXEC, 0666) = 7</x/new>
12 pwrite64(7</x/new>, "zz", 2, 8192)    = 2
12 mkdir("/x/y", 0777)                    = -1 EEXIST (File exists)
12 read(5</never>,  <unfinished ...>
12 +++ exited with 0 +++
"#;
    fs::write(&path, record).unwrap();
    let calls = read(&path);
    let names: Vec<_> = calls.iter().map(|call| call.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "write",
            "writev",
            "fdatasync",
            "openat",
            "pwrite64",
            "mkdir"
        ]
    );
    assert_eq!(calls[0].bytes(), b"\0\x7f2\"\n");
    assert_eq!(calls[0].descriptor(), Some(3));
    assert_eq!(calls[0].files, ["/a b"]);
    assert_eq!(calls[1].bytes(), b"abc");
    assert_eq!((calls[2].began, calls[2].ended), (1, 3));
    assert_eq!(calls[2].files, ["/x/db"]);
    assert_eq!(calls[3].texts, [b"/x/new"]);
    assert!(calls[3].has("O_CREAT"));
    assert_eq!(calls[3].result, 7);
    assert_eq!(calls[4].numbers(), [7, 2, 8192]);
    assert_eq!(calls[5].result, -1);
}
