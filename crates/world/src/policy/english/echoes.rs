//! What posts say that take something up: others, oneself, the story.

use crate::policy::phrases::{Attitudes, List, Sides, Speakers};

pub(super) const ECHO: Attitudes = Attitudes {
    agrees: &[
        "{author} has said about {topic} what many of us think.",
        "Reading {author} on {topic} and nodding all the way.",
        "If you missed what {author} wrote about {topic}, go back and read it.",
        "{author} is right about {topic}. It had to be said.",
        "I was going to write something about {topic}, but {author} has done it better.",
        "More posts like the one by {author}, please. That is how to talk about {topic}.",
        "I side with {author} on this one. Read it before you argue about {topic}.",
        "Good to see {author} speak up about {topic}.",
    ],
    differs: &[
        "{author} and I will not agree on {topic}, and that is fine. But look at what is left out.",
        "Read what {author} has to say about {topic}. Then read something else, please.",
        "I have tried to follow the logic of {author} on {topic}. I got lost at the first turn.",
        "{author} makes {topic} sound simple. It is not.",
        "A lot of people seem impressed by {author} on {topic}. I am not one of them.",
        "What {author} says about {topic} sounds good until you ask who pays for it.",
        "To {author} and everyone who thinks alike about {topic}: come and talk to us.",
        "The trouble with {author} on {topic}: all conclusion, no evidence.",
    ],
    asks: &[
        "{author} raises a point about {topic} that I cannot answer. Can you?",
        "Does anyone know more about what {author} says on {topic}?",
        "Still thinking about the post by {author} on {topic}.",
        "Is {author} right about {topic}? I go back and forth.",
        "{author} started quite a discussion about {topic}. Worth reading both sides of it.",
        "Would love to hear a calm reply to {author} on {topic}.",
        "Before I share what {author} says about {topic}: has anyone checked it?",
        "Not sure what to make of {author} on {topic}. Convince me, either way.",
    ],
};

pub(super) const ORGANISATION_ECHO: Attitudes = Attitudes {
    agrees: &[
        "Thank you to {author} for taking up {topic}. The more people look at it, the better.",
        "{author} says about {topic} what we hear every day. We are glad not to be alone.",
        "We stand with {author} on {topic}.",
        "What {author} writes about {topic} has our support, and we say so in public.",
    ],
    differs: &[
        "On the remarks of {author} about {topic}: we see some points differently, and we say so openly.",
        "We have read what {author} says about {topic} and will respond in due course.",
        "To what {author} writes about {topic} we would like to add facts, not heat.",
        "We invite {author} to talk to us about {topic}, rather than about us.",
    ],
    asks: &[
        "{author} has raised {topic}. It is a fair subject, and we will take part in the discussion.",
        "We have been asked about the post by {author}. Our view on {topic} is on record.",
        "We invite {author}, and everyone who has questions about {topic}, to talk to us directly.",
        "The post by {author} on {topic} has reached us. We take note.",
    ],
};

pub(super) const PRESS_ECHO: List = &[
    "{author}: “{quote}”.",
    "“{quote}”, says {author}. A reply from the other side is expected.",
    "{author} has gone public with this: “{quote}”.",
    "Statement of the day, by {author}: “{quote}”.",
    "“{quote}”: with these words {author} enters the debate.",
    "In the words of {author}: “{quote}”. We have asked for details.",
    "{author} tells followers: “{quote}”.",
    "Much discussed this hour, from {author}: “{quote}”.",
];

pub(super) const BOTH_SIDES: List = &[
    "{author} says: “{quote}”. {other} is not on that side.",
    "“{quote}”, says {author}. {other} tells a different story.",
    "Two accounts. {author}: “{quote}”. {other} sees it the other way round.",
    "{author} and {other} are at odds. In the words of the first: “{quote}”.",
    "Ask {other} and you hear another view than from {author}, who writes: “{quote}”.",
    "Between {author} (“{quote}”) and {other} there is little common ground.",
    "No agreement in sight between {author} and {other}. At issue: “{quote}”.",
    "“{quote}”, writes {author}. Among those on the other side: {other}.",
];

pub(super) const POPULAR: Attitudes = Attitudes {
    agrees: &[
        "{count} likes for what {author} wrote about {topic}. We are not alone.",
        "The post by {author} on {topic} has {count} likes by now. Deserved, every one.",
        "Look at the numbers under {author}: {count} likes for plain words about {topic}.",
        "{count} people agree with {author} on {topic}. Make that one more.",
    ],
    differs: &[
        "{count} likes do not make {author} right about {topic}.",
        "{author} gets {count} likes for that line on {topic}. Applause is not an argument.",
        "So {count} people liked what {author} says about {topic}. How many read it twice?",
        "{count} likes under {author}, and still no answer on {topic}.",
    ],
    asks: &[
        "{count} likes for {author} on {topic}. Something has struck a nerve.",
        "{count} likes, and I still do not know whether {author} is right about {topic}.",
        "The post by {author} about {topic} is everywhere: {count} likes. Has anyone checked it?",
        "How did {author} get to {count} likes with a post on {topic}? Timing, I suppose.",
    ],
};

pub(super) const PRESS_POPULAR: List = &[
    "A post by {author} on {topic} has passed {count} likes.",
    "{count} likes: the post by {author} about {topic} is among the most shared of the day.",
    "Widely read today: {author} on {topic}, {count} likes so far.",
    "What {author} wrote about {topic} spreads: {count} likes within a short time.",
];

pub(super) const FIGURE: List = &[
    "{number}. Of all that {author} wrote, that is what stays with me.",
    "From {author}, and hard to forget: {number}.",
    "Lots of opinions about, and one figure. It comes from {author}: {number}.",
    "{number}, writes {author}. How was that counted?",
    "I keep coming back to one detail by {author}: {number}.",
    "{number}. Read that again in the post by {author}.",
    "Before we shout: do we all accept what {author} says, {number}?",
    "{number}. If {author} has that right, a lot follows from it.",
];

pub(super) const AGAIN: Sides = Sides {
    supportive: &[
        "As I wrote {when}: “{quote}”. I would write it again.",
        "Not everybody liked what I said {when}. I stand by it: “{quote}”.",
        "“{quote}”. That was me {when}, and I see no reason to take it back.",
        "I have thought again about what I posted {when}. The point stands: “{quote}”.",
        "Not taking back a word of it: “{quote}”. Posted {when}, still true.",
        "For those who missed it {when}: “{quote}”.",
        "“{quote}”, I wrote {when}. It holds.",
        "Same view as {when}, only calmer: “{quote}”.",
    ],
    opposing: &[
        "“{quote}”. I wrote that {when}, and I mean it.",
        "From {when}, and not settled: “{quote}”.",
        "As I said {when}: “{quote}”. I can say it louder.",
        "Posted {when}, still my view: “{quote}”.",
        "“{quote}”. Said {when}, and nobody has talked me out of it.",
        "Reminder, because it was easy to miss {when}: “{quote}”.",
        "It was true {when} and it is true now: “{quote}”.",
        "“{quote}”, that is what I said {when}. It has not gone away.",
    ],
    neutral: &[
        "I wrote {when}: “{quote}”. I would put it more carefully now.",
        "Back to what I said {when}: “{quote}”. Does it still hold?",
        "An update to my post of {when} (“{quote}”): no update.",
        "“{quote}”, I wrote {when}. Replies still welcome.",
        "Still turning this over, from {when}: “{quote}”.",
        "“{quote}”. That was {when}. I am none the wiser.",
        "{when} I thought: “{quote}”. Today I am less sure.",
        "My question of {when} is still open: “{quote}”.",
    ],
    observer: &[
        "My note of {when}: “{quote}”. Compare with today.",
        "“{quote}”, I noted {when}. It has gone further since.",
        "Looking back at {when}: “{quote}”.",
        "What I noted {when}, for comparison: “{quote}”.",
        "From my notes of {when}: “{quote}”.",
        "{when}: “{quote}”. Now: much the same, in other words.",
        "I keep what I wrote {when} as it is: “{quote}”.",
        "“{quote}”. Written {when}, nothing to correct so far.",
    ],
};

pub(super) const STORY: Speakers = Speakers {
    person: &[
        "What it comes down to: {clause}.",
        "If you follow one thread today, follow this one: {clause}.",
        "You can feel it shifting: {clause}.",
        "That is where we are now: {clause}.",
        "My reading of the day: {clause}.",
        "It took a while to see it: {clause}.",
        "In one line, for those who just joined: {clause}.",
        "Everybody I talk to notices the same thing: {clause}.",
        "Look closely and you see it everywhere: {clause}.",
        "Here is the part that will matter later: {clause}.",
        "Do not say nobody saw it coming: {clause}.",
        "The real news is between the lines: {clause}.",
        "Whatever side you are on, this much is plain: {clause}.",
        "I keep thinking about one thing: {clause}.",
        "Forget the noise for a minute: {clause}.",
        "Mark this day: {clause}.",
    ],
    organisation: &[
        "We see it in the messages that reach us: {clause}.",
        "Our reading of the situation: {clause}.",
        "What we observe at present: {clause}.",
        "For our members and friends, in short: {clause}.",
        "We prepare for what is in sight: {clause}.",
        "It should surprise nobody: {clause}.",
        "As far as we can tell: {clause}.",
        "We have said that we would keep you informed: {clause}.",
    ],
    press: &[
        "Developing: {clause}.",
        "The state of things this hour: {clause}.",
        "Analysis: {clause}.",
        "In brief: {clause}.",
        "Our reporters see a shift: {clause}.",
        "What to watch today: {clause}.",
        "The story so far, in a line: {clause}.",
        "Several sources describe the same turn: {clause}.",
    ],
};
