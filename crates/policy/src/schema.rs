//! The JSON Schema of the manifest, for editors: made from the table of keys that the reader uses.
//!
//! A schema cannot say everything the reader checks: that root needs a reason it can, that no grant is
//! there twice it cannot. What the schema refuses the reader refuses too.

use serde_json::{Map, Value, json};

use crate::grant::Resource;
use crate::manifest::table::{Key, Object, Shape, TABLES, Table};
use crate::manifest::text::Text;
use crate::manifest::{EPOCH, amount};

/// The schema's name. It is printed by the program and lies nowhere on the web.
const ID: &str = "urn:ringfence:manifest:1";

/// The schema, with a line break at its end.
pub fn manifest_schema() -> String {
    let mut properties = Map::new();
    let mut required = vec![json!("service")];
    for table in TABLES {
        if table.name.is_empty() {
            for key in table.keys {
                properties.insert(key.name.to_owned(), of_key(key));
                required.extend(key.required.then(|| json!(key.name)));
            }
        } else {
            properties.insert(table.name.to_owned(), of_table(table));
        }
    }
    let about = TABLES.first().map_or("", |top| top.about);
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": ID,
        "title": "ringfence manifest",
        "description": about,
        "type": "object",
        "additionalProperties": false,
        "required": required,
        "properties": properties,
    });
    format!("{schema:#}\n")
}

fn of_table(table: &Table) -> Value {
    let properties: Map<String, Value> = table
        .keys
        .iter()
        .map(|key| (key.name.to_owned(), of_key(key)))
        .collect();
    let required: Vec<&str> = table
        .keys
        .iter()
        .filter(|key| key.required)
        .map(|key| key.name)
        .collect();
    let mut schema = json!({
        "type": "object",
        "additionalProperties": false,
        "properties": properties,
    });
    if !required.is_empty() {
        put(&mut schema, "required", json!(required));
    }
    match table.name {
        "check" => put(
            &mut schema,
            "anyOf",
            json!([{ "required": ["workload"] }, { "required": ["http"] }]),
        ),
        "secret" => put(
            &mut schema,
            "anyOf",
            json!([{ "required": ["from"] }, { "properties": { "as": { "const": "broker" } } }]),
        ),
        _ => {}
    }
    if table.repeated {
        schema = json!({ "type": "array", "items": schema });
    }
    put(&mut schema, "description", json!(table.about));
    schema
}

fn of_key(key: &Key) -> Value {
    let mut schema = of_shape(key.shape);
    put(&mut schema, "description", json!(key.about));
    if let Some(example) = example(key) {
        put(&mut schema, "examples", json!([example]));
    }
    schema
}

fn of_shape(shape: Shape) -> Value {
    match shape {
        Shape::Epoch => json!({ "const": EPOCH }),
        Shape::One(text) => of_text(text),
        Shape::Many(text) => {
            json!({ "type": "array", "items": of_text(text), "uniqueItems": true })
        }
        Shape::Argv { absolute } => json!({
            "type": "array",
            "minItems": 1,
            "prefixItems": [{ "type": "string", "pattern": if absolute { "^/" } else { "." } }],
            "items": { "type": "string" },
        }),
        Shape::Grant(object) => of_object(object),
        Shape::Grants(object) => array_of(object),
        Shape::GrantOrGrants(object) => json!({ "anyOf": [of_object(object), array_of(object)] }),
        Shape::Flag(_) => json!({ "anyOf": [{ "type": "boolean" }, reasoned(None)] }),
        Shape::Limit(resource) => {
            let amount = of_amount(resource);
            json!({ "anyOf": [amount, reasoned(Some(("limit", &amount)))] })
        }
    }
}

fn array_of(object: Object) -> Value {
    json!({ "type": "array", "items": of_object(object), "uniqueItems": true })
}

fn of_object(object: Object) -> Value {
    let text = of_text(Text::Grant(object.kind));
    let with_reason = reasoned(Some((object.key, &text)));
    if object.kind == "service.user" {
        // The one object that needs a reason.
        let mut root = with_reason.clone();
        put(&mut root, "required", json!(["name", "why"]));
        let not_root = json!({ "allOf": [text, { "not": { "enum": ["root", "0"] } }] });
        let other = reasoned(Some((object.key, &not_root)));
        return json!({ "anyOf": [not_root, other, root] });
    }
    json!({ "anyOf": [text, with_reason] })
}

/// A table of something and the reason for it; the reason is needed when there is nothing else.
fn reasoned(object: Option<(&str, &Value)>) -> Value {
    let mut properties = Map::new();
    if let Some((key, schema)) = object {
        properties.insert(key.to_owned(), schema.clone());
    }
    properties.insert("why".to_owned(), of_text(Text::Sentence));
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": [object.map_or("why", |(key, _)| key)],
        "properties": properties,
    })
}

fn of_amount(resource: Resource) -> Value {
    json!({ "anyOf": [
        { "type": "integer", "minimum": 1 },
        { "type": "string", "pattern": amount::pattern(resource) },
    ] })
}

fn of_text(text: Text) -> Value {
    let words = text.words();
    if !words.is_empty() {
        return json!({ "enum": words });
    }
    match text.pattern() {
        Some(pattern) => json!({ "type": "string", "pattern": pattern }),
        None => json!({ "type": "string" }),
    }
}

/// The value of the key's example line.
fn example(key: &Key) -> Option<Value> {
    let table: toml::Table = toml::from_str(key.example).ok()?;
    serde_json::to_value(table.get(key.name)?).ok()
}

fn put(schema: &mut Value, key: &str, value: Value) {
    if let Some(object) = schema.as_object_mut() {
        object.insert(key.to_owned(), value);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use super::*;
    use crate::arbitrary;
    use crate::manifest::Manifest;
    use jsonschema::Validator;
    use proptest::prelude::*;

    const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/schema/manifest.json");

    static VALIDATOR: LazyLock<Validator> = LazyLock::new(|| {
        let schema: Value = serde_json::from_str(&manifest_schema()).unwrap();
        jsonschema::draft202012::new(&schema).unwrap()
    });

    fn json_of(manifest: &str) -> Value {
        let table: toml::Table = toml::from_str(manifest).unwrap();
        serde_json::to_value(table).unwrap()
    }

    /// `RINGFENCE_BLESS=1` writes the file anew.
    #[test]
    fn the_file_is_what_the_table_says() {
        if std::env::var_os("RINGFENCE_BLESS").is_some() {
            std::fs::write(FILE, manifest_schema()).unwrap();
        }
        assert_eq!(std::fs::read_to_string(FILE).unwrap(), manifest_schema());
    }

    #[test]
    fn the_example_of_every_key_is_right() {
        for table in TABLES {
            for key in table.keys {
                let mut text = String::from("ringfence = 1\n");
                if table.name.is_empty() && key.name != "ringfence" {
                    text.push_str(key.example);
                }
                text.push_str("\n[service]\n");
                for own in TABLES
                    .iter()
                    .filter(|t| t.name == "service")
                    .flat_map(|t| t.keys)
                {
                    if own.required || (table.name == "service" && own.name == key.name) {
                        text.push_str(own.example);
                        text.push('\n');
                    }
                }
                if !table.name.is_empty() && table.name != "service" {
                    text.push_str(&table.header());
                    text.push('\n');
                    let text_of = |other: &Key| match (table.name, key.name, other.name) {
                        ("secret", "in", "as") => r#"as = "template""#,
                        _ => other.example,
                    };
                    let needed = |other: &&Key| match (table.name, other.name) {
                        ("secret", "from") | ("check", "http") => true,
                        _ => other.required || other.name == key.name,
                    };
                    for other in table.keys.iter().filter(needed) {
                        text.push_str(text_of(other));
                        text.push('\n');
                    }
                }
                let read = Manifest::parse(&text);
                assert!(
                    read.is_ok(),
                    "{}\n{text}",
                    read.unwrap_err().render("x", false)
                );
                assert!(VALIDATOR.is_valid(&json_of(&text)), "{text}");
                assert!(example(key).is_some(), "{}", key.example);
            }
        }
    }

    #[test]
    fn what_the_schema_refuses_the_reader_refuses() {
        let good = "ringfence = 1\n[service]\nname = \"x\"\nexec = [\"/x\"]\nuser = \"dynamic\"\n";
        assert!(VALIDATOR.is_valid(&json_of(good)));
        for (from, to) in [
            ("ringfence = 1\n", ""),
            ("ringfence = 1", "ringfence = 2"),
            ("ringfence = 1", "ringfence = 1\nx = 1"),
            ("user = \"dynamic\"\n", ""),
            ("\"dynamic\"", "\"root\""),
            ("\"dynamic\"", "{ name = \"root\" }"),
            ("\"dynamic\"", "\"-x\""),
            ("[\"/x\"]", "[\"x\"]"),
            ("[\"/x\"]", "[]"),
            ("user =", "type = \"tidy\"\nuser ="),
            ("user =", "timer = \"5 min\"\nuser ="),
            ("user =", "directory = \"x\"\nuser ="),
            ("[service]", "[files]\nraed = []\n[service]"),
            ("[service]", "[files]\nread = [\"x\"]\n[service]"),
            ("[service]", "[files]\nread = [\"/a\", \"/a\"]\n[service]"),
            ("[service]", "[files]\nread = [\"/a/../b\"]\n[service]"),
            ("[service]", "[files]\nread = [\"/a*b*\"]\n[service]"),
            ("[service]", "[files]\nuse = [\"x\"]\n[service]"),
            ("[service]", "[net]\nconnect = [\"tcp\"]\n[service]"),
            ("[service]", "[net]\ndns = 1\n[service]"),
            (
                "[service]",
                "[process]\ncapabilities = [\"CAP_X\"]\n[service]",
            ),
            ("[service]", "[process]\nsyscalls = [\"@all\"]\n[service]"),
            ("[service]", "[resources]\ntasks_max = 0\n[service]"),
            ("[service]", "[resources]\nmemory_max = \"64X\"\n[service]"),
            ("[service]", "[check]\n[service]"),
            (
                "[service]",
                "[[secret]]\nname = \"x\"\nas = \"file\"\n[service]",
            ),
            ("[service]", "[require]\nexact = [\"net\"]\n[service]"),
        ] {
            let bad = good.replacen(from, to, 1);
            assert!(!VALIDATOR.is_valid(&json_of(&bad)), "{bad}");
            assert!(Manifest::parse(&bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #![proptest_config(arbitrary::cases(300))]

        #[test]
        fn every_manifest_satisfies_the_schema(manifest in arbitrary::manifest()) {
            let text = manifest.render();
            let errors: Vec<String> = VALIDATOR
                .iter_errors(&json_of(&text))
                .map(|error| error.to_string())
                .collect();
            prop_assert!(errors.is_empty(), "{:?}\n{}", errors, text);
        }
    }
}
