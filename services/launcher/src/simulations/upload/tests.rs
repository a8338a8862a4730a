//! What is sent is taken, and what is hostile is refused: all of it, in words.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use intake::{CONFIG_FILE, REDDIT_FILE, TWITTER_FILE, YAML_FILE};
use tar::{Builder, EntryType, Header};

use super::*;

const YAML: &[u8] = b"name: bazaar\nhours: 3\nagents:\n  - name: Ada\n  - name: Bob\n";

const GZIP: Form = Form::Archive { packed: true };
const TAR: Form = Form::Archive { packed: false };

/// An entry as it stands in an archive: what it is, its name as bytes, and what is in it.
type Row<'a> = (EntryType, &'a [u8], &'a [u8]);

fn file<'a>(name: &'a str, bytes: &'a [u8]) -> Row<'a> {
    (EntryType::Regular, name.as_bytes(), bytes)
}

/// An archive with these entries, whatever their names are.
fn tar(rows: &[Row<'_>]) -> Vec<u8> {
    let mut builder = Builder::new(Vec::new());
    for (kind, name, bytes) in rows {
        let mut header = Header::new_gnu();
        header.as_old_mut().name[..name.len()].copy_from_slice(name);
        header.set_entry_type(*kind);
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        builder.append(&header, *bytes).unwrap();
    }
    builder.into_inner().unwrap()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn take(form: &Form, body: &[u8]) -> Result<Upload, String> {
    read(form, body, Said::default(), &Limits::default()).map_err(|problems| problems.to_string())
}

fn sample(name: &str) -> Vec<u8> {
    let folder =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples/lantern-pier");
    std::fs::read(folder.join(name)).unwrap()
}

/// The body of a form with these files: field, file's name, bytes.
fn form(parts: &[(&str, Option<&str>, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, file, bytes) in parts {
        let file = file.map(|file| format!("; filename=\"{file}\"")).unwrap_or_default();
        let head = format!("--xx\r\ncontent-disposition: form-data; name=\"{name}\"{file}\r\n\r\n");
        body.extend([head.as_bytes(), bytes, b"\r\n"].concat());
    }
    body.extend(b"--xx--\r\n");
    body
}

#[test]
fn a_simulation_is_the_same_however_it_is_sent() {
    let [config, twitter, reddit] = [CONFIG_FILE, TWITTER_FILE, REDDIT_FILE].map(sample);
    let rows = |folder: &str| {
        let name = |file: &str| format!("{folder}{file}").into_bytes();
        [name(CONFIG_FILE), name(TWITTER_FILE), name(REDDIT_FILE)]
    };
    let archive = |folder: &str| {
        let [a, b, c] = rows(folder);
        let plain = EntryType::Regular;
        tar(&[(plain, &a, &config), (plain, &b, &twitter), (plain, &c, &reddit)])
    };
    let parts = form(&[
        ("files", Some(CONFIG_FILE), &config),
        ("files", Some(TWITTER_FILE), &twitter),
        ("files", Some(REDDIT_FILE), &reddit),
    ]);
    let xx = Form::Parts("xx".to_owned());
    let folder =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples/lantern-pier");
    let expected = intake::read_folder(&folder, &Limits::default()).unwrap();
    for (form, body) in [
        (&xx, parts),
        (&xx, form(&[("archive", Some("pier.TGZ"), &gzip(&archive("")))])),
        (&xx, form(&[("archive", Some("pier.tar"), &archive("pier/"))])),
        (&GZIP, gzip(&archive("./"))),
        (&GZIP, gzip(&archive("lantern-pier/"))),
        (&TAR, archive("./lantern-pier/")),
    ] {
        let upload = take(form, &body).unwrap();
        assert_eq!((&upload.spec, &upload.notes), (&expected.spec, &expected.notes));
        assert_eq!(upload.files, [CONFIG_FILE, TWITTER_FILE, REDDIT_FILE]);
    }
}

#[test]
fn what_is_not_read_is_named() {
    let rows = [
        (EntryType::XGlobalHeader, &b"pax_global_header"[..], &b"19 comment=written\n"[..]),
        (EntryType::Directory, b"bazaar/", b""),
        file("bazaar/simulation.yaml", YAML),
        file("bazaar/.DS_Store", b"\0\0"),
        file("bazaar/log/simulation_config.json", b"{"),
        file("notes.txt", b"buy milk"),
    ];
    let upload = take(&GZIP, &gzip(&tar(&rows))).unwrap();
    assert_eq!(upload.spec.simulation_id.as_str(), "bazaar");
    assert_eq!(
        upload.notes,
        ["upload: files that are not read: \"bazaar/.DS_Store\", \
             \"bazaar/log/simulation_config.json\", \"notes.txt\""]
    );
}

#[test]
fn hostile_archives_are_refused() {
    let yaml = file(YAML_FILE, YAML);
    let many: Vec<String> = (0..=MAX_ENTRIES).map(|number| format!("{number}.txt")).collect();
    let many: Vec<Row<'_>> = many.iter().map(|name| file(name, b"")).collect();
    let table: &[(&str, Vec<Row<'_>>, &str)] = &[
        ("up", vec![file("../simulation.yaml", YAML)], "a path that leads out of its folder"),
        ("up within", vec![file("a/../../b", b"")], "a path that leads out of its folder"),
        ("up to a folder", vec![(EntryType::Directory, b"../x/", b"")], "leads out of its folder"),
        ("root", vec![file("/etc/simulation.yaml", YAML)], "an absolute path"),
        ("drive", vec![file("C:/simulation.yaml", YAML)], "an absolute path"),
        ("backslash", vec![file("..\\simulation.yaml", YAML)], "a backslash in a name"),
        ("control", vec![file("simu\nlation.yaml", YAML)], "a control character in a name"),
        ("no UTF-8", vec![(EntryType::Regular, b"simulation\xff.yaml", YAML)], "not UTF-8"),
        ("symbolic link", vec![(EntryType::Symlink, b"simulation.yaml", b"")], "a symbolic link"),
        ("hard link", vec![(EntryType::Link, b"simulation.yaml", b"")], "a hard link"),
        ("device", vec![(EntryType::Char, b"simulation.yaml", b"")], "a device"),
        ("block device", vec![(EntryType::Block, b"x", b"")], "a device"),
        ("pipe", vec![(EntryType::Fifo, b"x", b"")], "a named pipe"),
        ("unknown", vec![(EntryType::new(b'Z'), b"x", b"")], "no plain file"),
        ("twice", vec![yaml, file("./simulation.yaml", YAML)], "this name again"),
        ("twice unread", vec![yaml, file("a.txt", b""), file("a.txt", b"")], "this name again"),
        ("two folders", vec![file("a/simulation.yaml", YAML), yaml], "files in no folder, \"a\""),
        ("both", vec![yaml, file(CONFIG_FILE, b"{}")], "simulation.yaml beside simulation_config"),
        ("empty", vec![], "found no files"),
        ("others", vec![file("a.txt", b"")], "no simulation_config.json beside \"a.txt\""),
        ("too many", many, "more than 64 entries, expected at most 64 (limit max_entries)"),
        ("wrong", vec![file(YAML_FILE, b"name: Bazaar\n")], "simulation.yaml:1:1 /name"),
    ];
    for (what, rows, expected) in table {
        for (form, body) in [(&TAR, tar(rows)), (&GZIP, gzip(&tar(rows)))] {
            let said = take(form, &body).unwrap_err();
            assert!(said.contains(expected), "{what}: {said}");
        }
    }
    // All at once.
    let said = take(&TAR, &tar(&[file("../a", b""), (EntryType::Fifo, b"p", b""), yaml]));
    assert_eq!(said.unwrap_err().lines().count(), 2);
}

#[test]
fn a_long_name_is_refused_however_it_is_written() {
    let long = "x/".repeat(200) + YAML_FILE;
    let mut builder = Builder::new(Vec::new());
    let mut header = Header::new_gnu();
    header.set_size(YAML.len() as u64);
    builder.append_data(&mut header, &long, YAML).unwrap();
    let said = take(&TAR, &builder.into_inner().unwrap()).unwrap_err();
    assert!(said.contains("a name of 415 bytes, expected at most 255 (limit max_name)"), "{said}");
}

#[test]
fn what_is_broken_is_refused_wherever_it_breaks() {
    let whole = tar(&[file("a.txt", &[7; 700]), file(YAML_FILE, YAML)]);
    assert!(take(&TAR, &whole).is_ok());
    // Two blocks of zeros are its end; without either it may have been cut off.
    for end in (0..whole.len() - 1024).step_by(100).chain([whole.len() - 1024]) {
        assert!(take(&TAR, &whole[..end]).is_err(), "cut at {end} of {}", whole.len());
    }
    let packed = gzip(&whole);
    for end in 0..packed.len() {
        assert!(take(&GZIP, &packed[..end]).is_err(), "cut at {end} of {}", packed.len());
    }
    for at in 0..packed.len() {
        let mut damaged = packed.clone();
        damaged[at] ^= 0x55;
        // Some bits of the head say what nobody reads; all others are noticed.
        assert!(at < 10 || take(&GZIP, &damaged).is_err(), "damaged at {at}");
    }
    for at in (0..512).filter(|at| *at != 156) {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x01;
        assert!(take(&TAR, &damaged).is_err(), "damaged at {at}");
    }
}

#[test]
fn what_is_no_archive_is_named() {
    let zip = b"PK\x03\x04 and so on";
    for (form, body, expected) in [
        (&GZIP, &b""[..], "found nothing, expected a tar archive packed by gzip"),
        (&TAR, b"", "found nothing, expected a tar archive"),
        (&GZIP, zip, "found a zip archive"),
        (&TAR, zip, "found a zip archive"),
        (&GZIP, YAML, "something that gzip has not packed"),
        (&TAR, &gzip(&tar(&[])), "something packed by gzip"),
        (&GZIP, &gzip(YAML), "an archive that cannot be read"),
        (&TAR, YAML, "an archive that cannot be read"),
        (&TAR, &[b'x'; 2048], "an archive that cannot be read"),
    ] {
        let said = take(form, body).unwrap_err();
        assert!(said.contains(expected), "{expected}: {said}");
    }
}

#[test]
fn bombs_do_not_go_off() {
    let most = usize::try_from(MAX_UNPACKED_BYTES).unwrap();
    // Very small when packed.
    let zeros = gzip(&tar(&[file("zeros.txt", &vec![0; most / 4])]));
    let said = take(&GZIP, &zeros).unwrap_err();
    assert!(said.contains("(limit max_ratio, 100 times what was sent)"), "{said}");
    // Not small, and still too much.
    let mut noise: u32 = 1;
    let mut byte = |_| {
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        if noise >> 28 == 0 { noise.to_be_bytes()[1] } else { b'a' }
    };
    let noise: Vec<u8> = (0..=most).map(&mut byte).collect();
    let large = gzip(&tar(&[file("noise.txt", &noise)]));
    assert!(large.len() * 100 > most, "{}", large.len());
    let said = take(&GZIP, &large).unwrap_err();
    assert!(said.contains("at most 67108864 (limit max_unpacked_bytes)"), "{said}");
    // A promise of much, and nothing behind it.
    let mut header = Header::new_gnu();
    header.set_path(YAML_FILE).unwrap();
    header.set_size(1 << 40);
    header.set_cksum();
    let said = take(&TAR, header.as_bytes()).unwrap_err();
    assert!(said.contains("it ends within a file"), "{said}");
    // A gzip within a gzip is a file like any.
    let twice = gzip(&tar(&[file("simulation.yaml", &gzip(YAML))]));
    assert!(take(&GZIP, &twice).is_err());
}

#[test]
fn what_is_said_beside_the_files_is_checked() {
    let xx = Form::Parts("xx".to_owned());
    let yaml = ("files", Some(YAML_FILE), YAML);
    let named = form(&[("name", None, "夜市".as_bytes()), yaml, ("empty", Some(""), b"")]);
    assert_eq!(take(&xx, &named).unwrap().name.as_deref(), Some("夜市"));
    for (parts, expected) in [
        (
            vec![("simulation_id", None, &b"other"[..]), yaml],
            "expected \"bazaar\", as in the files",
        ),
        (vec![("nam", None, b"x"), yaml], "\"name\" (did you mean that?)"),
        (vec![("name", None, b" "), yaml], "with more than blanks"),
        (vec![("name", None, b"a"), ("name", None, b"b"), yaml], "found \"a\" and \"b\""),
        (vec![("archive", Some("a.tgz"), b"x"), yaml], "the archive \"a.tgz\" and 1 beside it"),
        (vec![("f", Some("../simulation.yaml"), YAML)], "leads out of its folder"),
        (vec![yaml, yaml], "this name again"),
        (vec![], "found no files"),
    ] {
        let said = take(&xx, &form(&parts)).unwrap_err();
        assert!(said.contains(expected), "{expected}: {said}");
    }
    let said = Said { simulation_id: Some("bazaar".to_owned()), name: Some("n".repeat(201)) };
    let problems = read(&xx, &form(&[yaml]), said, &Limits::default()).unwrap_err();
    assert!(problems.to_string().contains("1 to 200 bytes"), "{problems}");
}

#[test]
fn content_types_are_told_apart() {
    let parts = |boundary: &str| Some(Form::Parts(boundary.to_owned()));
    for (text, expected) in [
        ("multipart/form-data; boundary=xx", parts("xx")),
        ("Multipart/Form-Data; charset=utf-8; boundary=\"x y\"", parts("x y")),
        ("multipart/form-data", None),
        ("multipart/form-data; boundary=", None),
        ("multipart/mixed; boundary=xx", None),
        ("application/gzip", Some(GZIP)),
        ("application/x-gzip; q=1", Some(GZIP)),
        ("application/x-tar", Some(TAR)),
        ("application/zip", None),
        ("application/json", None),
        ("", None),
    ] {
        assert_eq!(Form::of(text), expected, "{text}");
    }
}
