//! Ranges as people write them: `8-22`, `2 - 6`, `9`.

use contract::door::{Door, Object, describe};
use contract::spec::Hours;
use serde_json::Value;

use crate::reading::number_in;

/// A range of whole numbers from 0 to `max`, or one number, which is both ends.
pub(super) fn range(object: &Object<'_>, key: &str, max: u32, usual: (u32, u32)) -> (u32, u32) {
    let Some(value) = object.get(key) else { return usual };
    let found = ends(value).filter(|(low, high)| low <= high && *high <= u64::from(max));
    let found = found.and_then(|(low, high)| Some((low.try_into().ok()?, high.try_into().ok()?)));
    found.unwrap_or_else(|| {
        let expected = format!("a whole number or a range such as 2-6, from 0 to {max}");
        object.report(key, describe(value), &expected);
        usual
    })
}

/// Hours of the day: `8-22`, `22-2` (over midnight), `9, 12-14`, or a list of such; both ends
/// of a range belong to it.
pub(super) fn hours(door: &Door, object: &Object<'_>, key: &str) -> Hours {
    let usual = || Hours::try_from((8..=22).collect::<Vec<u8>>()).unwrap_or_default();
    let Some(value) = object.get(key) else { return usual() };
    let parts: Vec<(String, &Value)> = match value {
        Value::Array(_) => object.list(key),
        _ => vec![(object.pointer(key), value)],
    };
    let mut hours = Vec::new();
    for (pointer, part) in parts {
        match hours_in(part) {
            Some(more) => hours.extend(more),
            None => {
                let expected = "hours of the day, 0 to 23, such as 8-22 or 7-9, 17-23";
                door.report(&pointer, describe(part), expected);
            }
        }
    }
    Hours::try_from(hours).unwrap_or_default()
}

fn hours_in(value: &Value) -> Option<Vec<u8>> {
    let text = written(value)?;
    let mut hours = Vec::new();
    for part in text.split(',') {
        let (first, last) = ends(&Value::String(part.to_owned()))?;
        if first > 23 || last > 23 {
            return None;
        }
        let mut hour = u8::try_from(first).ok()?;
        hours.push(hour);
        while u64::from(hour) != last {
            hour = (hour + 1) % 24;
            hours.push(hour);
        }
    }
    Some(hours)
}

/// Both ends of a range.
fn ends(value: &Value) -> Option<(u64, u64)> {
    let text = written(value)?.replace('\u{2013}', "-");
    match text.split_once('-') {
        Some((low, high)) => Some((number_in(low)?, number_in(high)?)),
        None => number_in(&text).map(|number| (number, number)),
    }
}

/// A number or a text as it was written.
fn written(value: &Value) -> Option<String> {
    match value {
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) => Some(text.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn ranges_of_hours() {
        let right = [
            (json!(9), vec![9]),
            (json!("8-11"), vec![8, 9, 10, 11]),
            (json!("22-1"), vec![22, 23, 0, 1]),
            (json!("7 – 8, 12,23-23"), vec![7, 8, 12, 23]),
        ];
        for (value, hours) in right {
            assert_eq!(hours_in(&value), Some(hours), "{value}");
        }
        let wrong = [json!(24), json!("8-24"), json!("8-"), json!("-1"), json!(-1), json!(1.5)];
        for value in wrong.into_iter().chain([json!("day"), json!(""), json!(true), json!("1,,2")])
        {
            assert_eq!(hours_in(&value), None, "{value}");
        }
        assert_eq!(ends(&json!("2 - 6")), Some((2, 6)));
        assert_eq!(ends(&json!(4)), Some((4, 4)));
    }
}
