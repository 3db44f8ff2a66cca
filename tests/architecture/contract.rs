//! The contract as compiled: what it says is kept in a file, what it must look like is checked here.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;

use prost::Message as _;
use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{
    DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorProto,
    FileDescriptorSet,
};
use support::repository;

/// Our files of the contract, in order of their names.
pub(crate) fn contract() -> Vec<FileDescriptorProto> {
    let mut files = FileDescriptorSet::decode(api::DESCRIPTORS)
        .expect("the contract's descriptors decode")
        .file;
    files.retain(|file| file.package().starts_with("hoso."));
    files.sort_by(|a, b| a.name().cmp(b.name()));
    assert!(!files.is_empty(), "the descriptors hold no file of ours");
    files
}

/// The whole contract, a line for everything that a client can see.
fn rendered() -> String {
    let mut text = String::new();
    for file in contract() {
        let _ = writeln!(text, "package {}", file.package());
        for service in &file.service {
            let _ = writeln!(text, "\nservice {}", service.name());
            for rpc in &service.method {
                let _ = writeln!(
                    text,
                    "  rpc {}({}{}) -> {}{}",
                    rpc.name(),
                    streamed(rpc.client_streaming()),
                    short(rpc.input_type()),
                    streamed(rpc.server_streaming()),
                    short(rpc.output_type()),
                );
            }
        }
        for message in &file.message_type {
            render_message(&mut text, message);
        }
        for values in &file.enum_type {
            render_enum(&mut text, values);
        }
        text.push('\n');
    }
    text
}

fn render_message(text: &mut String, message: &DescriptorProto) {
    let _ = writeln!(text, "\nmessage {}", message.name());
    for field in &message.field {
        let choice = field
            .oneof_index
            .and_then(|index| message.oneof_decl.get(usize::try_from(index).ok()?))
            .map(|oneof| format!(" (one of {})", oneof.name()))
            .unwrap_or_default();
        let _ = writeln!(
            text,
            "  {} = {}: {}{choice}",
            field.name(),
            field.number(),
            type_of(field)
        );
    }
    for reserved in &message.reserved_range {
        let _ = writeln!(text, "  reserved {}..{}", reserved.start(), reserved.end());
    }
    assert!(
        message.nested_type.is_empty() && message.enum_type.is_empty(),
        "{}: messages are not nested in this contract",
        message.name()
    );
}

fn render_enum(text: &mut String, values: &EnumDescriptorProto) {
    let _ = writeln!(text, "\nenum {}", values.name());
    for value in &values.value {
        let _ = writeln!(text, "  {} = {}", value.name(), value.number());
    }
}

fn type_of(field: &FieldDescriptorProto) -> String {
    let kind = field.r#type();
    let base = if matches!(kind, Type::Message | Type::Enum) {
        short(field.type_name()).to_owned()
    } else {
        kind.as_str_name()
            .trim_start_matches("TYPE_")
            .to_lowercase()
    };
    match field.label() {
        Label::Repeated => format!("repeated {base}"),
        Label::Optional | Label::Required => base,
    }
}

fn streamed(stream: bool) -> &'static str {
    if stream { "stream " } else { "" }
}

fn short(name: &str) -> &str {
    name.trim_start_matches('.')
}

#[test]
fn the_contract_is_the_one_clients_were_given() {
    let golden = repository::top().join("tests/architecture/contract.golden");
    let now = rendered();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&golden, &now).unwrap();
        return;
    }
    let given = fs::read_to_string(&golden).unwrap_or_default();
    if given == now {
        return;
    }
    let actual = repository::built().join("contract.actual");
    fs::write(&actual, &now).unwrap();
    let before: BTreeSet<_> = given.lines().collect();
    let after: BTreeSet<_> = now.lines().collect();
    let gone = before.difference(&after).map(|line| format!("- {line}"));
    let new = after.difference(&before).map(|line| format!("+ {line}"));
    panic!(
        "the contract is no longer the one in {}:\n{}\nThe whole of it is in {}. A line that is gone or changed breaks \
         clients; if it is meant, run the test again with UPDATE_GOLDEN=1.",
        golden.display(),
        gone.chain(new).collect::<Vec<_>>().join("\n"),
        actual.display(),
    );
}

#[test]
fn everything_in_the_contract_has_a_sentence() {
    let mut wrong = Vec::new();
    for file in contract() {
        let comments: BTreeMap<Vec<i32>, String> = file
            .source_code_info
            .iter()
            .flat_map(|info| &info.location)
            .map(|place| {
                (
                    place.path.clone(),
                    place.leading_comments().trim().to_owned(),
                )
            })
            .collect();
        for (path, name) in places(&file) {
            let said = comments.get(&path).map_or("", String::as_str);
            // A value set may be told by its words alone: "official, practice, assumed or not_established."
            let opens = said.starts_with(|first: char| !first.is_lowercase())
                || said.starts_with("hoso")
                || said.contains(", ");
            if said.len() < 4 || !said.ends_with(['.', '…']) || !opens {
                wrong.push(format!("{}: {name} has no sentence: {said:?}", file.name()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Where each message, field, enum, value, service and rpc of a file is, and what it is called.
fn places(file: &FileDescriptorProto) -> Vec<(Vec<i32>, String)> {
    // Field numbers of FileDescriptorProto, DescriptorProto, EnumDescriptorProto and ServiceDescriptorProto.
    const MESSAGES: i32 = 4;
    const ENUMS: i32 = 5;
    const SERVICES: i32 = 6;
    const MEMBERS: i32 = 2;
    let groups = file
        .message_type
        .iter()
        .map(|message| {
            (
                MESSAGES,
                message.name(),
                names(&message.field, |field| field.name()),
            )
        })
        .chain(file.enum_type.iter().map(|values| {
            (
                ENUMS,
                values.name(),
                names(&values.value, |value| value.name()),
            )
        }))
        .chain(file.service.iter().map(|service| {
            (
                SERVICES,
                service.name(),
                names(&service.method, |rpc| rpc.name()),
            )
        }));
    let mut counts = BTreeMap::<i32, i32>::new();
    let mut places = Vec::new();
    for (kind, name, members) in groups {
        let index = counts.entry(kind).or_default();
        places.push((vec![kind, *index], name.to_owned()));
        for (member, at) in members.iter().zip(0..) {
            places.push((vec![kind, *index, MEMBERS, at], format!("{name}.{member}")));
        }
        *index += 1;
    }
    places
}

fn names<T>(all: &[T], name: impl Fn(&T) -> &str) -> Vec<String> {
    all.iter().map(|one| name(one).to_owned()).collect()
}

#[test]
fn zero_of_every_enum_means_that_nothing_was_said() {
    for file in contract() {
        for values in &file.enum_type {
            let prefix = shouted(values.name());
            let zero = values.value.first().expect("an enum has values");
            assert_eq!(
                (zero.name(), zero.number()),
                (format!("{prefix}_UNSPECIFIED").as_str(), 0)
            );
            for value in &values.value {
                let name = value.name();
                assert!(
                    name.starts_with(&prefix),
                    "{name} does not start with {prefix}"
                );
            }
        }
    }
}

fn shouted(name: &str) -> String {
    let mut shouted = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !shouted.is_empty() {
            shouted.push('_');
        }
        shouted.push(letter.to_ascii_uppercase());
    }
    shouted
}

#[test]
fn every_rpc_has_a_request_and_a_response_of_its_own() {
    let mut wrong = Vec::new();
    for file in contract() {
        for service in &file.service {
            for rpc in &service.method {
                for (type_name, ending) in [
                    (rpc.input_type(), "Request"),
                    (rpc.output_type(), "Response"),
                ] {
                    let own = format!("{}.{}{ending}", file.package(), rpc.name());
                    if short(type_name) != own {
                        wrong.push(format!("{} uses {type_name}, not {own}", rpc.name()));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_file_of_the_contract_lies_where_its_package_says() {
    for file in contract() {
        let folder = file.package().replace('.', "/");
        assert!(
            file.name().starts_with(&format!("{folder}/")),
            "{} is of package {}",
            file.name(),
            file.package()
        );
        let path = repository::top().join("proto").join(file.name());
        assert!(path.is_file(), "{} is not in proto/", file.name());
    }
}
