//! Hashed names, rewritten references, the manifest, generations, what is compressed.

use std::fs;
use std::io::Read as _;

use framework::staticfiles::compress::Encoding;
use framework::staticfiles::manifest::Manifest;

use super::{collect, copied, filled, hashed, manifest, names, root, site, text};
use crate::sandbox::Sandbox;

fn is_hashed(name: &str, before: &str, after: &str) -> bool {
    let digits = name.strip_prefix(before).and_then(|rest| rest.strip_suffix(after)).unwrap_or_default();
    digits.len() == 12 && digits.bytes().all(|digit| digit.is_ascii_hexdigit() && !digit.is_ascii_uppercase())
}

#[test]
fn names_carry_a_hash_of_the_content() {
    let sandbox = filled();
    collect(&sandbox, "");
    let name = hashed(&sandbox, "sub/deep/file.txt");
    assert!(is_hashed(&name, "sub/deep/file.", ".txt"), "{name}");
    let manifest = manifest(&sandbox);
    assert_eq!(manifest.stored_name("sub/deep/file.txt?v=1#x"), Some(format!("{name}?v=1#x")));
    assert_eq!(manifest.stored_name("sub/deep/file.txt#x"), Some(format!("{name}#x")));
    assert_eq!(manifest.stored_name("sub/deep/").as_deref(), Some("sub/deep/"));
    assert_eq!(manifest.stored_name(""), Some(String::new()));
    assert_eq!(manifest.stored_name("unknown.txt"), None);
}

#[test]
fn references_are_rewritten() {
    let sandbox = site()
        .file("static/img/a b.png", "png")
        .file("static/css/deep/font.eot", "font")
        .file("static/css/colors.css", "a{color:red}")
        .file("static/css/site.css.map", "{}")
        .file(
            "static/css/deep/site.css",
            "@import \"../colors.css\";@IMPORT url('../colors.css') screen;\n\
             a{b:url(../../img/a%20b.png?x#y);c:URL( \"/static/img/a%20b.png\" )}/* url(gone.png) */\n\
             b{b:url(font.eot?#iefix);c:url(http://x/y.png);d:url(https://x/y.png);e:url(data:image/png;base64,AA==)}\n\
             c{b:url(//cdn/y.png);c:url(#x);d:url();e:url('');f:url(/media/x.png);g:url(../)}\n\
             /*# sourceMappingURL=../site.css.map */",
        )
        .file("static/js/util.js", "export let x = 1;\n")
        .file("static/js/util.js.map", "{}")
        .file(
            "static/js/app.js",
            "import {x} from './util.js';\nimport react from 'react';\nconst y = () => import(\"../js/util.js\");\n\
             '/static/js/util.js'; // import './gone.js'\n//# sourceMappingURL=util.js.map\n",
        );
    collect(&sandbox, "");
    let last = |name: &str| hashed(&sandbox, name).rsplit('/').next().expect("a name").replace(' ', "%20");
    let (png, font, colors, map) =
        (last("img/a b.png"), last("css/deep/font.eot"), last("css/colors.css"), last("css/site.css.map"));
    let expected = format!(
        "@import \"../{colors}\";@IMPORT url('../{colors}') screen;\n\
         a{{b:url(../../img/{png}?x#y);c:URL( \"/static/img/{png}\" )}}/* url(gone.png) */\n\
         b{{b:url({font}?#iefix);c:url(http://x/y.png);d:url(https://x/y.png);e:url(data:image/png;base64,AA==)}}\n\
         c{{b:url(//cdn/y.png);c:url(#x);d:url();e:url('');f:url(/media/x.png);g:url(../)}}\n\
         /*# sourceMappingURL=../{map} */"
    );
    assert_eq!(text(&sandbox, &hashed(&sandbox, "css/deep/site.css")), expected);
    let (util, map) = (last("js/util.js"), last("js/util.js.map"));
    let expected = format!(
        "import {{x}} from './{util}';\nimport react from 'react';\nconst y = () => import(\"../js/{util}\");\n\
         '/static/js/util.js'; // import './gone.js'\n//# sourceMappingURL={map}\n"
    );
    assert_eq!(text(&sandbox, &hashed(&sandbox, "js/app.js")), expected);
    // Under its own name a file is as it was.
    assert_eq!(text(&sandbox, "css/deep/site.css"), sandbox.text("static/css/deep/site.css"));
}

#[test]
fn a_change_reaches_all_that_refer_to_it() {
    let sandbox = site()
        .file("static/img.png", "1")
        .file("static/a.css", "a{b:url(img.png)}")
        .file("static/b.css", "@import 'a.css';")
        .file("static/other.css", "a{}");
    collect(&sandbox, "");
    let before = manifest(&sandbox);
    let sandbox = sandbox.file("static/img.png", "2");
    let out = collect(&sandbox, "").out;
    assert_eq!(out, copied(&sandbox, "1 static file", ", 3 unmodified, 3 post-processed"));
    let after = manifest(&sandbox);
    for name in ["img.png", "a.css", "b.css"] {
        assert_ne!(before.stored_name(name), after.stored_name(name), "{name}");
    }
    assert_eq!(before.stored_name("other.css"), after.stored_name("other.css"));
    assert_eq!(text(&sandbox, &hashed(&sandbox, "img.png")), "2");
    assert_ne!((before.hash, before.build), (after.hash, after.build));
}

#[test]
fn files_in_a_circle_have_names_together() {
    let circle = |color: &str| {
        site()
            .file("static/a.css", "@import 'b.css';@import 'a.css';a{b:url(x.png)}")
            .file("static/b.css", &format!("@import url(a.css);a{{color:{color}}}"))
            .file("static/x.png", "x")
            .file("static/js/one.js", "import './two.js'")
            .file("static/js/two.js", "import './one.js'")
    };
    let (red, blue, again) = (circle("red"), circle("blue"), circle("red"));
    for sandbox in [&red, &blue, &again] {
        collect(sandbox, "");
        let (a, b, x) = (hashed(sandbox, "a.css"), hashed(sandbox, "b.css"), hashed(sandbox, "x.png"));
        assert_eq!(text(sandbox, &a), format!("@import '{b}';@import '{a}';a{{b:url({x})}}"));
        assert!(text(sandbox, &b).starts_with(&format!("@import url({a});")));
        let (one, two) = (hashed(sandbox, "js/one.js"), hashed(sandbox, "js/two.js"));
        assert_eq!(format!("js/{}", &text(sandbox, &one)[10..]), format!("{two}'"));
        assert_ne!(one, two);
    }
    assert_eq!(manifest(&red).paths, manifest(&again).paths);
    for name in ["a.css", "b.css"] {
        assert_ne!(hashed(&red, name), hashed(&blue, name), "{name}");
    }
    assert_eq!(hashed(&red, "js/one.js"), hashed(&blue, "js/one.js"));
}

#[test]
fn the_manifest_is_what_the_map_is() {
    let sandbox = filled();
    assert_eq!(Manifest::read(&root(&sandbox)).expect("no error"), None);
    collect(&sandbox, "");
    let json: serde_json::Value = serde_json::from_str(&text(&sandbox, "staticfiles.json")).expect("JSON");
    assert_eq!(json["version"], "1.1");
    assert!(is_hashed(json["paths"]["test.txt"].as_str().expect("a name"), "test.", ".txt"));
    assert_eq!(json["hash"].as_str().map(str::len), Some(12));
    let read = manifest(&sandbox);
    assert_eq!(json, serde_json::to_value(&read).expect("JSON"));
    assert_eq!(read.files["test.txt"].size, 7);
    assert_eq!(read.files[&hashed(&sandbox, "test.txt")], read.files["test.txt"]);
    // Every file is accounted for.
    let known = read.files.iter().flat_map(|(name, entry)| {
        let beside = entry.encodings.keys().map(|encoding| encoding.name_for(name)).collect::<Vec<_>>();
        [name.clone()].into_iter().chain(beside)
    });
    let mut known: Vec<String> = known.chain(["staticfiles.json".to_owned()]).collect();
    known.sort();
    assert_eq!(names(&sandbox), known);
}

#[test]
fn a_manifest_that_cannot_be_read_is_an_error() {
    for (content, message) in [
        ("{", "is no manifest of static files: EOF while parsing an object at line 1 column 1"),
        ("{\"version\":\"9\",\"paths\":{},\"hash\":\"\"}", "has version `9`, which this program does not know"),
    ] {
        let sandbox = filled().file("var/static/staticfiles.json", content);
        let ran = sandbox.line("collectstatic --noinput");
        ran.says_on_err(1, message);
        ran.says_on_err(1, "\nhint: `app collectstatic --clear` makes everything anew");
        collect(&sandbox, "--clear");
    }
}

#[test]
fn earlier_generations_stay_as_long_as_asked() {
    let sandbox = site().var("APP__STATIC__KEEP", "2");
    let write = |sandbox: Sandbox, content: &str| sandbox.file("static/a.css", &content.repeat(100));
    let mut sandbox = sandbox;
    let mut generations = Vec::new();
    for content in ["a{}", "b{}", "c{}", "d{}"] {
        sandbox = write(sandbox, content);
        collect(&sandbox, "");
        generations.push(hashed(&sandbox, "a.css"));
    }
    let is_there = |sandbox: &Sandbox, name: &String| {
        let gz = root(sandbox).join(format!("{name}.gz")).exists();
        assert_eq!(gz, root(sandbox).join(name).exists(), "{name}");
        assert_eq!(gz, manifest(sandbox).files.contains_key(name), "{name}");
        gz
    };
    assert_eq!(generations.iter().map(|name| is_there(&sandbox, name)).collect::<Vec<_>>(), [false, true, true, true]);
    assert_eq!(manifest(&sandbox).generations.len(), 2);
    // Back to an earlier one, which is none any more then.
    sandbox = write(sandbox, "b{}");
    assert_eq!(collect(&sandbox, "").out, copied(&sandbox, "1 static file", ""));
    assert_eq!(generations.iter().map(|name| is_there(&sandbox, name)).collect::<Vec<_>>(), [false, true, true, true]);
    collect(&sandbox, "--keep 1");
    assert_eq!(generations.iter().map(|name| is_there(&sandbox, name)).collect::<Vec<_>>(), [false, true, false, true]);
    collect(&sandbox, "--keep 0");
    assert_eq!(
        generations.iter().map(|name| is_there(&sandbox, name)).collect::<Vec<_>>(),
        [false, true, false, false]
    );
}

#[test]
fn what_gets_smaller_is_compressed() {
    let long = "a{color:red}\n".repeat(500);
    let sandbox = site()
        .file("static/long.css", &long)
        .file("static/img.png", &long)
        .file("static/short.txt", "x")
        .file("static/own.txt", &long)
        .file("static/own.txt.gz", "theirs")
        .file("static/refers.css", &format!("a{{b:url(img.png)}}{long}"));
    collect(&sandbox, "");
    let read = manifest(&sandbox);
    for name in ["long.css".to_owned(), hashed(&sandbox, "long.css"), hashed(&sandbox, "refers.css")] {
        assert_eq!(read.files[&name].encodings.len(), 3, "{name}");
        for (encoding, encoded) in &read.files[&name].encodings {
            let bytes = fs::read(root(&sandbox).join(encoding.name_for(&name))).expect("a file");
            assert_eq!(bytes.len() as u64, encoded.size);
            assert_eq!(unpacked(*encoding, &bytes), text(&sandbox, &name), "{encoding:?}");
        }
    }
    for name in ["img.png", "short.txt", "own.txt.gz"] {
        assert!(read.files[name].encodings.is_empty(), "{name}");
    }
    // What nobody asks for by that name is not compressed twice.
    assert!(read.files["refers.css"].encodings.is_empty());
    assert_eq!(text(&sandbox, "own.txt.gz"), "theirs");
    assert_eq!(read.files["own.txt"].encodings.len(), 2);
    assert_eq!(read.files[&hashed(&sandbox, "own.txt")].encodings.len(), 3);
}

fn unpacked(encoding: Encoding, bytes: &[u8]) -> String {
    let mut text = String::new();
    match encoding {
        Encoding::Brotli => brotli::Decompressor::new(bytes, 4096).read_to_string(&mut text),
        Encoding::Gzip => flate2::read::GzDecoder::new(bytes).read_to_string(&mut text),
        Encoding::Zstd => zstd::Decoder::new(bytes).and_then(|mut decoder| decoder.read_to_string(&mut text)),
    }
    .expect("what was compressed");
    text
}
