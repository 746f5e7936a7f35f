//! Folders and what is found in them.

use crate::support::{CODE, Folder, GOOD, bad, very_bad};
use std::fs;
use std::time::{Duration, Instant};

#[test]
fn findings_are_ordered_by_the_bytes_of_the_path() {
    let folder = Folder::new();
    // `-` and `.` are before `/`, digits after it: a folder has its place by its name and the `/`.
    let paths = ["A.xml", "a-b.xml", "a.xml", "a/b-c.xml", "a/b/x.xml", "a/b0.xml", "a0.xml", "a0/z.xml", "é.xml"];
    for path in paths {
        folder.write(path, bad());
    }
    assert_eq!(folder.check(&[]).paths(), paths);
    assert_eq!(folder.check(&["a0.xml", "a", "a0", "a.xml"]).paths(), paths[2..8]);
}

#[test]
fn any_number_of_threads_gives_the_same_bytes() {
    let folder = Folder::new();
    for number in 0..400 {
        let text = match number % 7 {
            // Large enough that a report of one file is written in several parts.
            _ if number == 3 || number == 353 => very_bad(6_000),
            0 => very_bad(number % 10),
            1 => "<html/>".to_owned(),
            2 => "<domain><name>x</nam></domain>".to_owned(),
            _ => GOOD.to_owned(),
        };
        folder.write(format!("{}/{number}.xml", number % 13), text);
    }
    let named: Vec<String> = (0..40).map(|number| format!("missing-{number}.xml")).collect();
    let mut arguments: Vec<&str> = named.iter().map(String::as_str).collect();
    arguments.push(".");
    for format in ["full", "concise", "json", "jsonl", "github"] {
        let run = |jobs: &str| {
            let ran = folder.run(&[&["check", "--output-format", format, "--jobs", jobs], &arguments[..]].concat());
            assert_eq!(ran.code, Some(2));
            (ran.out, ran.err)
        };
        let alone = run("1");
        assert!(alone.0.len() > 10_000 && alone.1.lines().count() >= 40);
        for jobs in ["2", "3", "8"] {
            assert!(run(jobs) == alone, "{format} with {jobs} threads");
        }
    }
    let statistics = |jobs| folder.run(&["check", "--statistics", "--jobs", jobs]).out;
    assert_eq!(statistics("1"), statistics("8"));
}

#[test]
fn only_xml_files_of_libvirt_count_in_folders() {
    let folder = Folder::with(&[
        ("a.xml", &bad()),
        ("b.txt", &bad()),
        ("c.XML", &bad()),
        ("d.xml.bak", &bad()),
        ("pom.xml", "<project/>"),
        ("slip.xml", "<domian type='kvm'/>"),
        ("broken.xml", "<?xml version='1.0'?><<"),
    ]);
    let ran = folder.check(&[]);
    let mut paths = ran.paths();
    paths.dedup();
    assert_eq!(paths, ["a.xml", "broken.xml", "slip.xml"]);
    assert!(ran.err.ends_with(" in 3 files, 1 file skipped that is not libvirt's\n"), "{}", ran.err);
}

#[test]
fn a_file_that_is_named_is_always_checked() {
    let folder = Folder::with(&[
        ("pom.xml", "<project/>"),
        ("note.txt", &bad()),
        (".hidden/.x.xml", &bad()),
        (".gitignore", "*"),
    ]);
    fs::create_dir(folder.path(".git")).unwrap();
    assert_eq!(folder.check(&[]).paths(), [""; 0]);
    let ran = folder.check(&["pom.xml", "note.txt", ".hidden/.x.xml"]);
    assert_eq!((ran.code, ran.paths()), (Some(1), vec![".hidden/.x.xml", "note.txt", "pom.xml"]));
    assert!(ran.out.contains("error[schema/not-libvirt]"), "{}", ran.out);
    // Hidden folders can be named as well.
    assert_eq!(folder.run(&["check", "--no-respect-gitignore", ".hidden"]).code, Some(0));
}

#[test]
fn what_is_named_twice_is_checked_once() {
    let folder = Folder::with(&[("a/b/c.xml", &bad()), ("a/pom.xml", "<project/>"), ("d.xml", &bad())]);
    let ran = folder.check(&["a", "./a/b/", "d.xml", "a//b/c.xml", ".", "./d.xml", "a/pom.xml"]);
    assert_eq!(ran.paths(), ["a/b/c.xml", "a/pom.xml", "d.xml"]);
    assert!(ran.err.contains(" in 3 files\n"), "{}", ran.err);
}

#[test]
fn gitignore_counts_inside_a_repository() {
    let folder = Folder::with(&[
        (".gitignore", "ignored.xml\n/build/\n!kept/ignored.xml\n*.tmp.xml\n"),
        ("ignored.xml", &bad()),
        ("build/a.xml", &bad()),
        ("kept/ignored.xml", &bad()),
        ("sub/build/b.xml", &bad()),
        ("sub/.gitignore", "local.xml\n!x.tmp.xml\n"),
        ("sub/local.xml", &bad()),
        ("sub/x.tmp.xml", &bad()),
        ("y.tmp.xml", &bad()),
        ("seen.xml", &bad()),
        (".git/info/exclude", "excluded.xml\n"),
        ("sub/excluded.xml", &bad()),
    ]);
    let seen = ["kept/ignored.xml", "seen.xml", "sub/build/b.xml", "sub/x.tmp.xml"];
    assert_eq!(folder.check(&[]).paths(), seen);
    // The rules above the folder that is named count too.
    assert_eq!(folder.check(&["sub"]).paths(), seen[2..]);
    let mut command = folder.command(&["check", "--output-format", "concise", "--select", CODE]);
    let ran = command.current_dir(folder.path("sub")).output().unwrap();
    assert_eq!(crate::support::Ran::from(ran).paths(), ["build/b.xml", "x.tmp.xml"]);
    assert_eq!(folder.check(&["--no-respect-gitignore"]).paths().len(), 9);
    // A repository inside has its own rules alone.
    fs::create_dir(folder.path("sub/.git")).unwrap();
    assert_eq!(folder.check(&["sub"]).paths(), ["sub/build/b.xml", "sub/excluded.xml", "sub/x.tmp.xml"]);
}

#[test]
fn without_a_repository_only_ignore_files_count() {
    let folder = Folder::with(&[
        (".gitignore", "a.xml\n"),
        (".ignore", "b.xml\n"),
        ("a.xml", &bad()),
        ("b.xml", &bad()),
        ("sub/b.xml", &bad()),
        ("sub/c.xml", &bad()),
        ("sub/.ignore", "!b.xml\nc.xml\n"),
    ]);
    // The folder of the tests may itself be in a repository, whose root must then not be seen.
    let inside = |ran: crate::support::Ran| {
        ran.out.lines().map(|line| line.split(':').next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let temporary = std::env::temp_dir().join(format!("virdict-ignore-{}", std::process::id()));
    fs::rename(folder.path(""), &temporary).unwrap();
    let mut command = folder.command(&["check", "--output-format", "concise", "--select", CODE]);
    let ran = crate::support::Ran::from(command.current_dir(&temporary).output().unwrap());
    fs::remove_dir_all(&temporary).unwrap();
    assert_eq!(inside(ran), ["a.xml", "sub/b.xml"]);
}

#[test]
fn patterns_leave_out_what_is_found_and_by_force_what_is_named() {
    let folder = Folder::with(&[("a.xml", &bad()), ("vendor/b.xml", &bad()), ("c.tmpl.xml", &bad())]);
    let exclude = ["--exclude", "vendor,*.tmpl.xml"];
    assert_eq!(folder.check(&exclude).paths(), ["a.xml"]);
    assert_eq!(folder.check(&[&exclude[..], &["vendor/b.xml", "a.xml"]].concat()).paths(), ["a.xml", "vendor/b.xml"]);
    assert_eq!(
        folder.check(&[&exclude[..], &["--force-exclude", "vendor/b.xml", "a.xml"]].concat()).paths(),
        ["a.xml"]
    );
    let here = folder.path("").display().to_string();
    assert_eq!(
        folder.check(&["--exclude", "/vendor", "--exclude", "*.tmpl.xml", &here]).paths(),
        [folder.path("a.xml").display().to_string()]
    );
}

#[test]
fn a_folder_without_anything_to_check_is_no_error() {
    let folder = Folder::with(&[("a.txt", "text"), ("b/c.html", "<html/>")]);
    fs::create_dir(folder.path("empty")).unwrap();
    for path in ["empty", "."] {
        let ran = folder.check(&[path]);
        assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (Some(0), "", "No files checked\n"));
    }
    folder.write("pom.xml", "<project/>");
    assert_eq!(folder.check(&[]).err, "No files checked, 1 file skipped that is not libvirt's\n");
}

#[cfg(unix)]
#[test]
fn links_are_followed_when_they_are_named_and_not_in_folders() {
    use std::os::unix::fs::symlink;
    let folder = Folder::with(&[("real/a.xml", &bad())]);
    symlink("a.xml", folder.path("real/link.xml")).unwrap();
    symlink("nothing.xml", folder.path("real/broken.xml")).unwrap();
    symlink("..", folder.path("real/up")).unwrap();
    symlink("real", folder.path("other")).unwrap();
    let ran = folder.check(&[]);
    assert_eq!((ran.code, ran.paths()), (Some(1), vec!["real/a.xml"]));
    assert_eq!(folder.check(&["real/link.xml"]).paths(), ["real/link.xml"]);
    assert_eq!(folder.check(&["other"]).paths(), ["other/a.xml"]);
    let ran = folder.check(&["real/broken.xml"]);
    assert_eq!(
        (ran.code, ran.err.lines().next()),
        (Some(2), Some("virdict: real/broken.xml: No such file or directory"))
    );
}

#[cfg(unix)]
#[test]
fn pipes_and_sockets_are_not_opened_in_folders() {
    let folder = Folder::with(&[("a.xml", &bad())]);
    make_pipe(&folder, "pipe.xml");
    let _socket = std::os::unix::net::UnixListener::bind(short(&folder).join("s.xml")).unwrap();
    let begun = Instant::now();
    let ran = folder.check(&[]);
    assert_eq!((ran.code, ran.paths()), (Some(1), vec!["a.xml"]));
    assert!(begun.elapsed() < Duration::from_secs(20));
    let ran = folder.check(&["s.xml", "a.xml"]);
    assert_eq!((ran.code, ran.paths()), (Some(2), vec!["a.xml"]));
    assert!(ran.err.starts_with("virdict: s.xml: "), "{}", ran.err);
}

#[cfg(unix)]
#[test]
fn a_pipe_that_is_named_is_read() {
    let folder = Folder::new();
    make_pipe(&folder, "pipe");
    let path = folder.path("pipe");
    let writer = std::thread::spawn(move || {
        use std::io::Write;
        // In two pieces: a short read is not the end.
        let mut pipe = fs::OpenOptions::new().write(true).open(path).unwrap();
        let text = bad();
        pipe.write_all(&text.as_bytes()[..20]).unwrap();
        pipe.flush().unwrap();
        std::thread::sleep(Duration::from_millis(50));
        pipe.write_all(&text.as_bytes()[20..]).unwrap();
    });
    let ran = folder.check(&["pipe"]);
    writer.join().unwrap();
    assert!(ran.out.starts_with("pipe:4:4: "), "{}{}", ran.out, ran.err);
}

/// A pipe that is named in the middle of a folder stops the run when the folder's names are read and the files behind it are not.
#[cfg(unix)]
#[test]
fn files_may_shrink_and_vanish_during_the_run() {
    use std::io::Write;
    let folder = Folder::with(&[("d/a.xml", &bad()), ("d/gone.xml", &bad()), ("d/z.xml", &bad())]);
    // Larger than what is read at once, so that its size is asked for.
    folder.write("d/shrinks.xml", very_bad(20_000));
    make_pipe(&folder, "d/b.xml");
    let child = folder
        .command(&["check", "--output-format", "concise", "--select", CODE, "--jobs", "1", "d", "d/b.xml"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    // This waits until the run has come to the pipe.
    let mut pipe = fs::OpenOptions::new().write(true).open(folder.path("d/b.xml")).unwrap();
    fs::remove_file(folder.path("d/gone.xml")).unwrap();
    // Cut in the middle of a tag.
    let kept = GOOD.find("<os>").unwrap() + 100;
    fs::OpenOptions::new().write(true).open(folder.path("d/shrinks.xml")).unwrap().set_len(kept as u64).unwrap();
    pipe.write_all(bad().as_bytes()).unwrap();
    drop(pipe);
    let ran = crate::support::Ran::from(child.wait_with_output().unwrap());
    let mut paths = ran.paths();
    paths.dedup();
    assert_eq!((ran.code, paths), (Some(2), vec!["d/a.xml", "d/b.xml", "d/shrinks.xml", "d/z.xml"]));
    assert!(ran.err.starts_with("virdict: d/gone.xml: No such file or directory\n"), "{}", ran.err);
}

#[cfg(unix)]
fn make_pipe(folder: &Folder, name: &str) {
    let made = std::process::Command::new("mkfifo").arg(folder.path(name)).status().unwrap();
    assert!(made.success());
}

/// The folder by a path that is short enough for a socket's address.
#[cfg(unix)]
fn short(folder: &Folder) -> std::path::PathBuf {
    let here = std::env::current_dir().unwrap();
    let path = folder.path("");
    path.strip_prefix(&here).map(std::path::Path::to_owned).unwrap_or(path)
}

#[cfg(unix)]
#[test]
fn names_that_are_no_utf8_are_shown_without_loss() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let folder = Folder::new();
    folder.write(OsStr::from_bytes(b"a\xFF\\.xml"), bad());
    assert!(folder.check(&[]).out.starts_with("a\\xff\\.xml:4:4: "));
    let objects = folder.run(&["check", "--output-format", "jsonl", "--select", CODE]).objects();
    assert_eq!((&objects[0]["path"], &objects[0]["path_bytes"]), (&"a\\xff\\.xml".into(), &"61ff5c2e786d6c".into()));
    folder.write("a\\xff\\.xml", bad());
    let objects = folder.run(&["check", "--output-format", "jsonl", "--select", CODE]).objects();
    assert_eq!(objects[0]["path"], objects[1]["path"]);
    assert_eq!(objects.iter().filter(|object| object.get("path_bytes").is_some()).count(), 1);
}

#[cfg(unix)]
#[test]
fn what_may_not_be_read_is_told_and_the_rest_goes_on() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::with(&[("a.xml", &bad()), ("b.xml", &bad()), ("c/d.xml", &bad()), ("e.xml", &bad())]);
    for path in ["b.xml", "c"] {
        fs::set_permissions(folder.path(path), fs::Permissions::from_mode(0o0)).unwrap();
    }
    let everything = fs::read(folder.path("b.xml")).is_ok();
    let ran = folder.check(&[]);
    for path in ["b.xml", "c"] {
        fs::set_permissions(folder.path(path), fs::Permissions::from_mode(0o755)).unwrap();
    }
    if everything {
        // The superuser may read everything.
        assert_eq!((ran.code, ran.paths()), (Some(1), vec!["a.xml", "b.xml", "c/d.xml", "e.xml"]));
    } else {
        assert_eq!((ran.code, ran.paths()), (Some(2), vec!["a.xml", "e.xml"]));
        let told = "virdict: b.xml: Permission denied\nvirdict: c: Permission denied\n2 errors in 2 files, 2 could not be read\n";
        assert_eq!(ran.err, told);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn folders_may_be_deeper_than_a_path_may_be_long() {
    let folder = Folder::new();
    // Two chains of folders, each as long as a path can name, the second hung into the first: 880 folders, a path of 8 kB.
    let link = "folder-9/".repeat(370);
    let chain = link.trim_end_matches('/');
    for root in ["one", "two"] {
        fs::create_dir_all(folder.path(root).join(chain)).unwrap();
        fs::write(folder.path(root).join(chain).join("leaf.xml"), bad()).unwrap();
        // Something to come back to after the deep folder.
        fs::write(folder.path(root).join("folder-9/folder-9/zz.xml"), bad()).unwrap();
    }
    fs::rename(folder.path("two"), folder.path("one").join(chain).join("two")).unwrap();
    let ran = folder.check(&[]);
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    let expected = [
        format!("one/{chain}/leaf.xml"),
        format!("one/{chain}/two/{chain}/leaf.xml"),
        format!("one/{chain}/two/folder-9/folder-9/zz.xml"),
        "one/folder-9/folder-9/zz.xml".to_owned(),
    ];
    assert_eq!(ran.paths(), expected);
}

#[cfg(target_os = "linux")]
#[test]
fn memory_stays_flat_over_many_files() {
    let folder = Folder::new();
    for number in 0..6_000 {
        folder.write(
            format!("{}/a-name-that-is-rather-long-{number}.xml", number % 3),
            if number % 2 == 0 { bad() } else { GOOD.into() },
        );
    }
    let script = "\"$0\" check --output-format jsonl --jobs 2 > /dev/null & wait_for=$!; \
                  most=0; while now=$(grep VmHWM /proc/$wait_for/status 2>/dev/null | tr -dc 0-9); do \
                  [ \"${now:-0}\" -gt $most ] && most=$now; [ -d /proc/$wait_for ] || break; done; echo $most";
    let output = folder.command(&[]).get_current_dir().map(|here| {
        std::process::Command::new("sh")
            .args(["-c", script, env!("CARGO_BIN_EXE_virdict")])
            .current_dir(here)
            .output()
            .unwrap()
    });
    let most: u64 = String::from_utf8(output.unwrap().stdout).unwrap().trim().parse().unwrap();
    // Debug builds are larger than what is released, so the bound here is wider than the promise of 12 MB.
    assert!((1..24_000).contains(&most), "{most} kB");
}
