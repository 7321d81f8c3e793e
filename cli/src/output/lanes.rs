//! A witness as a picture: one lane for each thread, time runs down, an arrow where another thread comes in. Where a
//! lane is dashed its thread does not run.

use std::fmt::Write as _;

use ftlint_runtime::verdict::WitnessStep;

use crate::output::View;
use crate::output::markup::{cut, escaped};

const ROW: usize = 58;
const BOX: usize = 42;
const TOP: usize = 40;
const GAP: usize = 36;

/// Characters of a box, at least and at most.
const NARROW: usize = 22;
const WIDE: usize = 44;

/// The picture; `title` names it for those who do not see it.
pub(super) fn svg(steps: &[WitnessStep], title: &str, view: &View<'_>) -> String {
    let mut threads: Vec<u32> = steps.iter().map(|it| it.thread).collect();
    threads.sort_unstable();
    threads.dedup();
    let texts: Vec<_> = steps.iter().map(|it| (what(it), place(it, view))).collect();
    let longest = texts.iter().flat_map(|it| [&it.0, &it.1]).map(|it| it.chars().count()).max();
    let characters = longest.unwrap_or(NARROW).clamp(NARROW, WIDE);
    let width = characters * 15 / 2 + 30;
    let left = |lane: usize| 34 + lane * (width + GAP);
    let lane_of = |thread: u32| threads.iter().position(|it| *it == thread).unwrap_or(0);
    let all = (left(threads.len()), TOP + steps.len() * ROW + 8);
    let mut res = format!(
        "<svg class=\"lanes\" role=\"img\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" height=\"{1}\">\
         <title>{2}</title>\n",
        all.0,
        all.1,
        escaped(title)
    );
    for (lane, thread) in threads.iter().enumerate() {
        let name = cut(&super::story::title(*thread, steps), characters);
        let (x, class) = (left(lane) + width / 2, lane % 4);
        let _ = writeln!(
            res,
            "<text class=\"head t{class}\" x=\"{x}\" y=\"20\" text-anchor=\"middle\">{}</text>",
            escaped(&name)
        );
        rail(&mut res, steps, *thread, x, class);
    }
    for (row, (step, (what, place))) in steps.iter().zip(&texts).enumerate() {
        let (lane, y) = (lane_of(step.thread), TOP + row * ROW);
        if let Some(before) = row.checked_sub(1).and_then(|it| steps.get(it))
            && before.thread != step.thread
        {
            let from = left(lane_of(before.thread)) + width / 2;
            arrow(&mut res, from, left(lane) + width / 2, y);
        }
        let _ = writeln!(
            res,
            "<g class=\"step t{0}\"><title>{1}</title><rect x=\"{2}\" y=\"{y}\" width=\"{width}\" height=\"{BOX}\" \
             rx=\"6\"/><text x=\"{3}\" y=\"{4}\">{5}</text><text class=\"line\" x=\"{3}\" y=\"{6}\">{7}</text></g>\
             <text class=\"row\" x=\"22\" y=\"{8}\" text-anchor=\"end\">{9}</text>",
            lane % 4,
            escaped(&format!("{what}\n{}", whole_place(step, view))),
            left(lane),
            left(lane) + 12,
            y + 17,
            escaped(&cut(what, characters)),
            y + 33,
            escaped(&cut(place, characters)),
            y + 26,
            row + 1,
        );
    }
    res.push_str("</svg>\n");
    res
}

/// From the end of one box around to the next, where the processor changes hands.
fn arrow(res: &mut String, from: usize, to: usize, y: usize) {
    let (start, middle) = (y - (ROW - BOX), y - (ROW - BOX) / 2);
    let _ = writeln!(
        res,
        "<path class=\"switch\" d=\"M{from} {start}V{middle}H{to}V{y}\"/>\
         <path class=\"tip\" d=\"M{0} {2}L{1} {2}L{to} {y}Z\"/>",
        to - 4,
        to + 4,
        y - 6
    );
}

/// The line behind the boxes: whole where the thread's steps follow each other, dashed where others come between.
fn rail(res: &mut String, steps: &[WitnessStep], thread: u32, x: usize, class: usize) {
    let rows = steps.iter().enumerate().filter(|(_, it)| it.thread == thread).map(|it| it.0);
    let rows: Vec<usize> = rows.collect();
    for pair in rows.windows(2) {
        let &[from, to] = pair else { continue };
        let dashed = if to > from + 1 { " waits" } else { "" };
        let (start, end) = (TOP + from * ROW + BOX, TOP + to * ROW);
        let _ = writeln!(res, "<path class=\"rail t{class}{dashed}\" d=\"M{x} {start}V{end}\"/>");
    }
}

/// "reads self.hits = 0".
fn what(step: &WitnessStep) -> String {
    let value = step.value.as_ref().map(|it| format!(" = {it}")).unwrap_or_default();
    format!("{}{value}", step.what)
}

/// For the tooltip of a step, where there is room for all of it.
fn whole_place(step: &WitnessStep, view: &View<'_>) -> String {
    format!("{}:{}: {}", view.short.path(&step.file), step.line, step.source)
}

/// "5  self.hits += 1", and the file where there is room for it.
fn place(step: &WitnessStep, view: &View<'_>) -> String {
    let file = view.short.path(&step.file);
    let name = file.rsplit(std::path::is_separator).next().unwrap_or(&file);
    format!("{name}:{}  {}", step.line, step.source)
}
