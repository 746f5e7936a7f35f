//! What reports look like.

use crate::support::{CODE, Folder, GOOD, bad, very_bad};
use serde_json::Value;

const ONLY: [&str; 2] = ["--select", CODE];

fn report(folder: &Folder, format: &str, more: &[&str]) -> crate::support::Ran {
    folder.run(&[&["check", "--output-format", format], &ONLY[..], more].concat())
}

#[test]
fn concise_is_a_line_for_each_finding_and_a_summary() {
    let folder = Folder::with(&[("bad.xml", &bad()), ("good.xml", GOOD)]);
    let ran = report(&folder, "concise", &[]);
    assert_eq!(ran.code, Some(1));
    assert_eq!(ran.out.lines().count(), 1);
    assert!(ran.out.starts_with(&format!("bad.xml:4:4: error[{CODE}] ")), "{}", ran.out);
    assert!(ran.out.contains("vcpuu") && ran.out.contains("; help: ") && ran.out.contains("<vcpu>"), "{}", ran.out);
    assert_eq!(ran.err, "1 error in 2 files\n");
    assert_eq!(folder.run(&["check", "--select", "schema", "good.xml"]).err, "No findings in 1 file\n");
}

#[test]
fn concise_is_what_there_is_without_a_terminal() {
    let folder = Folder::with(&[("bad.xml", &bad())]);
    assert_eq!(folder.run(&["check", "--select", CODE]).out, report(&folder, "concise", &[]).out);
}

#[test]
fn jsonl_is_one_object_for_each_finding() {
    let folder = Folder::with(&[("bad.xml", &bad()), ("good.xml", GOOD)]);
    let ran = report(&folder, "jsonl", &[]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(1), ""));
    let objects = ran.objects();
    assert_eq!(objects.len(), 1);
    let object = objects[0].as_object().unwrap();
    // The order of the members is part of the format.
    let at = |name: &str| ran.out.find(&format!("\"{name}\":")).unwrap_or_else(|| panic!("no member {name}"));
    let names = ["path", "code", "severity", "consequence", "message", "help", "url", "span", "related", "fix"];
    assert!(names.is_sorted_by_key(|name| at(name)), "{}", ran.out);
    assert_eq!(object.len(), names.len());
    assert_eq!(
        (&object["path"], &object["code"], &object["severity"]),
        (&"bad.xml".into(), &CODE.into(), &"error".into())
    );
    let offset = bad().find("vcpuu").unwrap();
    let span = serde_json::json!({
        "start": {"line": 4, "column": 4, "offset": offset},
        "end": {"line": 4, "column": 9, "offset": offset + 5},
    });
    assert_eq!(object["span"], span);
    assert!(object["related"].is_array());
}

#[test]
fn a_finding_says_what_libvirt_does() {
    // What is written in the guest, and what is said of it.
    let os = "<os><type>hvm</type></os>";
    let device = |device: &str| format!("{os}<devices>{device}</devices>");
    let usb =
        "<hostdev mode='subsystem' type='usb' managed='True'><source><address bus='1' device='2'/></source></hostdev>";
    let pci = |function: &str| {
        device(&format!(
            "<memballoon model='virtio'><address type='pci' bus='0' slot='5' function='{function}'/></memballoon>"
        ))
    };
    let cases: [(String, &str, &str, &str); 12] = [
        (format!("<vcpuu>4</vcpuu>{os}"), "schema/unknown-element", "dropped", "error"),
        (format!("<vcpu places='static'>4</vcpu>{os}"), "schema/unknown-attribute", "dropped", "error"),
        (
            device("<memory modle='dimm'><target><size>1</size></target></memory>"),
            "schema/unknown-attribute",
            "refused",
            "error",
        ),
        (device("<disk type='flie'><target dev='vda'/></disk>"), "schema/invalid-value", "refused", "error"),
        (device(usb), "schema/invalid-value", "misread", "error"),
        (device("<interface/>"), "schema/missing-attribute", "misread", "error"),
        (
            device("<memballoon model='virtio'><stats/></memballoon>"),
            "schema/missing-attribute",
            "validation-only",
            "warning",
        ),
        (pci("0x00"), "schema/invalid-value", "validation-only", "warning"),
        (pci("0x08"), "schema/invalid-value", "refused", "error"),
        (format!("<uuid/>{os}"), "schema/invalid-text", "validation-only", "warning"),
        (format!("{os}<devices/><devices/>"), "schema/duplicate-element", "validation-only", "warning"),
        (format!("<vcpu>1</vcpu><vcpu>2</vcpu>{os}"), "schema/duplicate-element", "dropped", "error"),
    ];
    for (inner, code, consequence, severity) in cases {
        let document = format!("<domain type='kvm'><name>a</name><memory>1024</memory>{inner}</domain>");
        let folder = Folder::with(&[("a.xml", &document)]);
        let arguments = ["check", "--output-format", "jsonl", "--select", "schema"];
        let ran = folder.run(&arguments);
        let objects = ran.objects();
        assert_eq!(objects.len(), 1, "{inner}: {}", ran.out);
        let member = |name: &str| objects[0][name].as_str().unwrap_or("null").to_owned();
        assert_eq!(
            (member("code").as_str(), member("consequence").as_str(), member("severity").as_str()),
            (code, consequence, severity),
            "{inner}"
        );
        // What only `--validate` objects to counts for the exit code if one asks for it.
        assert_eq!(ran.code, Some(i32::from(severity == "error")), "{inner}");
        let strict = folder.run(&[&arguments[..], &["--strict"]].concat());
        assert_eq!((strict.code, &strict.objects()[0]["severity"]), (Some(1), &"error".into()), "{inner}");
    }
}

#[test]
fn advice_has_no_consequence() {
    let folder = Folder::with(&[("good.xml", GOOD)]);
    let ran = folder.run(&["rules", "--output-format", "json"]);
    let rules: Value = serde_json::from_str(&ran.out).unwrap();
    for rule in rules["rules"].as_array().unwrap() {
        let said = !rule["consequence"].is_null();
        match rule["category"].as_str().unwrap() {
            "schema" | "semantic" => assert!(said, "{rule}"),
            "syntax" => {}
            _ => assert!(!said, "{rule}"),
        }
    }
}

#[test]
fn json_is_an_array_of_the_same_objects() {
    let folder = Folder::with(&[("a.xml", &very_bad(3)), ("b/c.xml", &bad()), ("good.xml", GOOD)]);
    let array: Value = serde_json::from_str(&report(&folder, "json", &[]).out).unwrap();
    assert_eq!(array, Value::Array(report(&folder, "jsonl", &[]).objects()));
    assert_eq!(array.as_array().unwrap().len(), 4);
    let nothing = report(&folder, "json", &["good.xml"]);
    assert_eq!((nothing.code, nothing.out.as_str()), (Some(0), "[]\n"));
}

#[test]
fn lines_columns_and_offsets_count_what_the_design_says() {
    let folder = Folder::new();
    let cases = [
        // A byte order mark is in the offset and not in the column.
        ("bom.xml", "\u{FEFF}<vcpuu/>".to_owned(), 1, 2, 4),
        // CR LF counts once, and a lone CR ends nothing.
        ("crlf.xml", "<domain>\r\n\r <vcpuu/>\r\n</domain>".to_owned(), 2, 4, 13),
        // Columns are characters.
        ("wide.xml", "<domain><!-- äöü漢😀 --><vcpuu/></domain>".to_owned(), 1, 24, 31),
    ];
    for (name, text, ..) in &cases {
        folder.write(
            name,
            if name == &"bom.xml" { text.replace("<vcpuu/>", "<domain><vcpuu/></domain>") } else { text.clone() },
        );
    }
    for (name, _, line, column, offset) in cases {
        let ran = report(&folder, "jsonl", &[name]);
        let start = &ran.objects()[0]["span"]["start"];
        let (column, offset) = if name == "bom.xml" { (column + 8, offset + 8) } else { (column, offset) };
        assert_eq!(*start, serde_json::json!({"line": line, "column": column, "offset": offset}), "{name}");
    }
}

#[test]
fn a_one_byte_encoding_is_counted_in_the_bytes_of_the_file() {
    let folder = Folder::new();
    let text = b"<?xml version='1.0' encoding='ISO-8859-1'?>\n<domain><!-- \xE4\xF6\xFC --><vcpuu/></domain>";
    folder.write("latin.xml", text);
    let offset = text.windows(5).position(|window| window == b"vcpuu").unwrap();
    let objects = report(&folder, "jsonl", &[]).objects();
    assert_eq!(objects[0]["span"]["start"], serde_json::json!({"line": 2, "column": 22, "offset": offset}));
}

#[test]
fn github_gives_workflow_commands() {
    let folder = Folder::with(&[("bad.xml", &bad()), ("odd, name:%.xml", &bad())]);
    let ran = report(&folder, "github", &[]);
    let lines: Vec<&str> = ran.out.lines().collect();
    assert!(
        lines[0].starts_with(&format!(
            "::error file=bad.xml,line=4,col=4,endLine=4,endColumn=9,title={CODE}::bad.xml:4:4: "
        ))
    );
    assert!(lines[0].contains("%0Ahelp: "), "{}", lines[0]);
    assert!(lines[1].starts_with("::error file=odd%2C name%3A%25.xml,line=4"), "{}", lines[1]);
    assert_eq!((lines.len(), ran.err.as_str()), (2, ""));
    let by_environment = folder.command(&["check", "--select", CODE]).env("GITHUB_ACTIONS", "true").output().unwrap();
    assert_eq!(String::from_utf8(by_environment.stdout).unwrap(), ran.out);
    let overruled =
        folder.command(&["check", "--output-format", "jsonl"]).env("GITHUB_ACTIONS", "true").output().unwrap();
    assert!(overruled.stdout.starts_with(b"{"));
}

#[test]
fn full_shows_the_source_with_a_caret() {
    let folder = Folder::with(&[("bad.xml", &bad())]);
    let ran = report(&folder, "full", &[]);
    for part in [CODE, "bad.xml:4:4", " 4 │   <vcpuu>4</vcpuu>", "──┬──", "help: "] {
        assert!(ran.out.contains(part), "{part} in:\n{}", ran.out);
    }
    let caret = ran.out.lines().find(|line| line.contains("──┬──")).unwrap();
    let source = ran.out.lines().find(|line| line.contains("<vcpuu>4")).unwrap();
    let column = |line: &str, part: &str| line[..line.find(part).unwrap()].chars().count();
    assert_eq!(column(caret, "──┬──"), column(source, "vcpuu"));
}

#[test]
fn full_is_capped_and_says_how_many_more() {
    let folder = Folder::with(&[("a.xml", &very_bad(30)), ("b.xml", &very_bad(31))]);
    let shown = |ran: &crate::support::Ran| ran.out.matches("× ").count();
    let ran = report(&folder, "full", &[]);
    assert_eq!(shown(&ran), 50);
    assert!(ran.out.ends_with("... and 11 more findings: --max-diagnostics 0 shows all\n"), "{}", ran.out);
    assert_eq!(ran.err, "61 errors in 2 files\n");
    assert_eq!(shown(&report(&folder, "full", &["--max-diagnostics", "0"])), 61);
    let few = report(&folder, "full", &["--max-diagnostics", "60"]);
    assert!(few.out.ends_with("... and 1 more finding: --max-diagnostics 0 shows all\n"));
    assert_eq!(shown(&few), 60);
    // The other formats are complete.
    assert_eq!(report(&folder, "concise", &["--max-diagnostics", "1"]).out.lines().count(), 61);
}

#[test]
fn a_long_line_is_cut_around_the_fault() {
    let padding = "<!-- padding -->".repeat(20_000);
    let folder = Folder::with(&[(
        "long.xml",
        &bad().replace('\n', "").replace("<vcpuu>", &format!("{padding}<vcpuu>{padding}")),
    )]);
    let ran = report(&folder, "full", &[]);
    assert!(ran.out.contains("<vcpuu>") && ran.out.contains('…'));
    assert!(ran.out.len() < 2_000, "{} bytes", ran.out.len());
}

#[test]
fn colours_follow_the_flag_and_the_environment() {
    let folder = Folder::with(&[("bad.xml", &bad())]);
    let coloured = |arguments: &[&str], environment: &[(&str, &str)]| {
        let mut command = folder.command(&[&["check", "--select", CODE], arguments].concat());
        let output = command.envs(environment.iter().copied()).output().unwrap();
        output.stdout.contains(&0x1B)
    };
    for format in ["full", "concise"] {
        assert!(!coloured(&["--output-format", format], &[]));
        assert!(coloured(&["--output-format", format, "--color", "always"], &[("NO_COLOR", "1")]));
        assert!(coloured(&["--output-format", format], &[("CLICOLOR_FORCE", "1")]));
        assert!(!coloured(&["--output-format", format], &[("CLICOLOR_FORCE", "0")]));
        assert!(!coloured(&["--output-format", format], &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
        assert!(!coloured(&["--output-format", format, "--color", "never"], &[("CLICOLOR_FORCE", "1")]));
    }
    for format in ["json", "jsonl", "github"] {
        assert!(!coloured(&["--output-format", format, "--color", "always"], &[]));
    }
}

#[test]
fn nothing_in_a_document_or_a_name_commands_the_terminal() {
    let folder = Folder::new();
    // C1 controls and bidirectional overrides are XML characters; escape is none, and is a syntax fault.
    let text = GOOD.replace("<os>", "<vcpuu\u{202E} x='\u{9B}31m\u{2066}'/><vcpuu\u{1B}[31m/><os>\u{1B}]0;title\u{7}");
    folder.write("a\u{1B}[31m\u{202E}\n::error::b.xml", text);
    for format in ["full", "concise", "json", "jsonl", "github"] {
        let ran = folder.run(&["check", "--output-format", format, "--max-diagnostics", "0"]);
        assert_eq!(ran.code, Some(1));
        let bad =
            |c: char| c != '\n' && c.is_control() || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
        assert!(!ran.out.contains(bad), "{format}: {:?}", ran.out);
        assert!(ran.out.contains("202e"), "{format} shows what it escapes: {}", ran.out);
        assert!(!ran.out.lines().any(|line| line.starts_with("::error::b")), "{format}: {}", ran.out);
    }
}

#[test]
fn statistics_count_codes_instead_of_showing_findings() {
    let folder =
        Folder::with(&[("a.xml", &very_bad(12)), ("b.xml", &format!("<!DOCTYPE domain>\n{GOOD}")), ("c.xml", &bad())]);
    let select = ["--select", "schema/unknown-element,syntax/doctype"];
    let ran = folder.run(&[&["check", "--statistics"], &select[..]].concat());
    let lines: Vec<&str> = ran.out.lines().collect();
    assert_eq!(lines.len(), 2);
    assert!(lines[0].starts_with("13  error    schema/unknown-element  "), "{}", ran.out);
    assert!(lines[1].starts_with(" 1  warning  syntax/doctype          "), "{}", ran.out);
    assert_eq!((ran.code, ran.err.as_str()), (Some(1), "13 errors, 1 warning in 3 files\n"));
    let ran = folder.run(&[&["check", "--statistics", "--output-format", "json"], &select[..]].concat());
    let array: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((&array[0]["code"], &array[0]["count"]), (&CODE.into(), &13.into()));
    assert_eq!((&array[1]["severity"], &array[1]["count"]), (&"warning".into(), &1.into()));
    let lines = folder.run(&[&["check", "--statistics", "--output-format", "jsonl"], &select[..]].concat()).objects();
    assert_eq!(array, Value::Array(lines));
}

#[test]
fn equal_counts_are_listed_by_name() {
    let folder = Folder::with(&[("a.xml", &format!("<!DOCTYPE domain>\n{}", bad()))]);
    let ran = folder.run(&["check", "--statistics", "--select", "syntax/doctype,schema/unknown-element"]);
    let names: Vec<&str> = ran.out.lines().map(|line| line.split_whitespace().nth(2).unwrap()).collect();
    assert_eq!(names, ["schema/unknown-element", "syntax/doctype"]);
}

#[test]
fn quiet_prints_findings_and_nothing_else() {
    let folder = Folder::with(&[("bad.xml", &bad())]);
    let quiet = report(&folder, "concise", &["--quiet"]);
    assert_eq!((quiet.code, quiet.err.as_str()), (Some(1), ""));
    assert_eq!(quiet.out, report(&folder, "concise", &[]).out);
}

#[test]
fn the_report_can_go_to_a_file() {
    let folder = Folder::with(&[("bad.xml", &bad())]);
    let ran = report(&folder, "jsonl", &["-o", "report.jsonl", "bad.xml"]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(1), ""));
    assert_eq!(
        std::fs::read_to_string(folder.path("report.jsonl")).unwrap(),
        report(&folder, "jsonl", &["bad.xml"]).out
    );
    let ran = report(&folder, "jsonl", &["-o", "no/such/folder", "bad.xml"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.contains("no/such/folder"), "{}", ran.err);
}
