//! What is said in an interview.

use crate::policy::phrases::{Did, Interview, Sides};

pub(super) static INTERVIEW: Interview = Interview {
    about: &["{profile}.", "In a few words: {profile}.", "As {my} profile has it: {profile}."],
    who: &[
        "{I} {am} {name}. {about}",
        "This is {name}. {about}",
        "You are talking to {name}. {about}",
        "{name} here. {about}",
    ],
    stance: Sides {
        supportive: &[
            "On {topic} {I} {am} on the side of those who want to go ahead.",
            "When it comes to {topic}, {I} think things are moving the right way.",
            "About {topic}: {I} {am} in favour, on the whole.",
            "{I} {have} looked at {topic} from several sides and come down in favour.",
        ],
        opposing: &[
            "On {topic} {I} {am} among the critics.",
            "When it comes to {topic}, {I} do not believe the official line.",
            "About {topic}: {I} {am} against the way this is being done.",
            "{I} {have} looked at {topic} from several sides, and {I} want it stopped until the questions are answered.",
        ],
        neutral: &[
            "On {topic} {I} {have} not taken a side.",
            "When it comes to {topic}, {I} try to be fair to both camps.",
            "About {topic}: {I} want evidence before an opinion.",
            "You will find {me} between the camps on {topic}.",
        ],
        observer: &[
            "On {topic} {I} report and take no side.",
            "When it comes to {topic}, {I} watch rather than judge.",
            "About {topic}: {I} write down who says what, and when.",
            "{topic}? {I} follow it closely and keep an opinion out of it.",
        ],
    },
    action: Sides {
        supportive: &[
            "{topic}? Everybody is free to take part, but {I} do not agree with what it asks for.",
            "As for {topic}: {I} respect those who are behind it and disagree with them.",
        ],
        opposing: &[
            "{topic} {has} {my} support, it is the only thing that gets an answer.",
            "As for {topic}: {I} {am} for it, because letters and questions were not enough.",
        ],
        neutral: &[
            "On {topic} {I} {have} not made up {my} mind, but {I} see why it has come to this.",
            "As for {topic}: {I} listen to those who are for it and to those who are not.",
        ],
        observer: &[
            "{topic}? {I} note who calls for it and who does not, and leave it at that.",
            "As for {topic}: {I} watch it closely and take no part.",
        ],
    },
    because: Sides {
        supportive: &[
            "Stopping has a price as well, and hardly anybody counts it.",
            "The worries are real, but {I} {have} not heard a better proposal yet.",
            "Faults can be fixed, and from what {I} see they are being fixed.",
            "The loud voices are not the majority, that is what {I} notice every day.",
        ],
        opposing: &[
            "Nobody asked the people who have to live with it.",
            "The questions are simple, and the answers are still missing.",
            "{I} {have} heard too many promises that were not kept.",
            "First openness, then decisions: that order was turned round.",
        ],
        neutral: &[
            "There are good reasons on both sides, and few hard facts.",
            "Too much of what is shared has no source.",
            "{I} could be convinced either way, by data rather than by volume.",
            "What is missing is somebody independent who looks at it.",
        ],
        observer: &[
            "What interests {me} is how the talk about it changes from day to day.",
            "{my} part is to listen to everyone, not to add one more opinion.",
            "The facts are still coming in, and both sides quote the same ones.",
            "It is too early to call, whatever people say.",
        ],
    },
    moods: [
        &[
            "{I} {am} in good spirits, all in all.",
            "{my} mood is good, and {I} look ahead with some hope.",
            "Confident is the word. There is more good will around than it seems.",
        ],
        &[
            "{I} try to stay calm about it.",
            "{my} feelings are mixed, and {I} can live with that.",
            "Neither angry nor delighted. Attentive, perhaps.",
        ],
        &[
            "It worries {me}, frankly.",
            "{I} {am} tired and a bit angry, to be honest.",
            "Not good. It takes up more of {my} thoughts than {I} would like.",
        ],
    ],
    did: Did {
        posted: &["{I} posted {when}: “{quote}”.", "{when} {I} wrote: “{quote}”."],
        reposted: &[
            "{I} passed on what {author} wrote: “{quote}”.",
            "{I} shared “{quote}” by {author}.",
        ],
        quoted: &[
            "{I} quoted {author} and added “{quote}”.",
            "On a post by {author} {I} remarked: “{quote}”.",
        ],
        liked: &[
            "{I} liked what {author} said: “{quote}”.",
            "{author} got a like from {me} for “{quote}”.",
        ],
        unliked: &[
            "{I} took back {my} like for {author}, who had written “{quote}”.",
            "{I} no longer like “{quote}” by {author}, so {I} took that back.",
        ],
        disliked: &[
            "{I} voted “{quote}” by {author} down.",
            "{author} got a vote against from {me}, for “{quote}”.",
        ],
        undid_dislike: &[
            "{I} took back {my} vote against {author} and “{quote}”.",
            "{I} had voted against {author} on “{quote}” and thought better of it.",
        ],
        reported: &[
            "{I} reported the post by {author} that says “{quote}”.",
            "{I} asked for a check of “{quote}” by {author}.",
        ],
        commented: &[
            "To {author} {I} answered: “{quote}”.",
            "Under a post by {author} {I} wrote “{quote}”.",
        ],
        liked_comment: &[
            "{I} liked a comment by {author}: “{quote}”.",
            "A comment by {author} got {my} vote: “{quote}”.",
        ],
        unliked_comment: &[
            "{I} took back {my} vote for the comment “{quote}” by {author}.",
            "The comment “{quote}” by {author} no longer has {my} vote.",
        ],
        disliked_comment: &[
            "{I} voted against a comment by {author}: “{quote}”.",
            "A comment by {author} went too far for {me}: “{quote}”.",
        ],
        undid_comment_dislike: &[
            "{I} took back {my} vote against a comment by {author}: “{quote}”.",
            "On second thoughts {I} left the comment “{quote}” by {author} alone.",
        ],
        followed: &["{I} follow {author} now.", "{I} began to follow {author}."],
        unfollowed: &["{I} stopped following {author}.", "{I} no longer follow {author}."],
        muted: &["{I} muted {author}.", "{I} {have} muted {author} for the time being."],
        unmuted: &["{I} listen to {author} again.", "{I} took {author} off {my} mute list."],
    },
    did_nothing: &[
        "So far {I} {have} only read along and done nothing.",
        "Until now {I} {have} kept quiet and watched, nothing more.",
    ],
    liked: &[
        "{my} post “{quote}” has {likes} likes so far.",
        "{likes} people liked what {I} wrote: “{quote}”.",
    ],
    answered: &[
        "{author} replied to {me}: “{quote}”.",
        "The newest answer {I} got is from {author}: “{quote}”.",
    ],
    unanswered: &[
        "Nobody has replied to what {I} wrote yet.",
        "There has been no answer to {me} so far.",
    ],
    sees: &[
        "What {I} see most right now is {author}: “{quote}”.",
        "{author} writes “{quote}”, and it is hard to miss.",
        "People around {me} talk about {author}, who says “{quote}”.",
        "Near the top of what {I} read is {author}: “{quote}”.",
    ],
    divided: &[
        "Opinions are divided, as far as {I} can see.",
        "It is far from unanimous, and the tone differs a lot.",
    ],
    sees_nothing: &[
        "{I} see nothing at the moment, {my} feed is empty.",
        "Nothing that others posted has reached {me} yet.",
    ],
    same_side: &[
        "{author} and {I} are on the same side in this.",
        "On the main question {author} thinks as {I} do.",
    ],
    other_side: &[
        "{author} and {I} are on opposite sides in this.",
        "On the main question {I} disagree with {author}.",
    ],
    no_side: &[
        "{I} neither agree nor disagree with {author} as such, it depends on the point.",
        "{author} and {I} are not in the same camp, nor in opposite ones.",
    ],
    follows: &["{I} follow {author} and read most of it.", "{author} is somebody {I} follow."],
    mutes: &[
        "{I} {have} muted {author}, so {I} do not see what comes from there.",
        "{author} is on {my} mute list, it was going in circles.",
    ],
    latest: &[
        "The last thing {I} know from there is “{quote}”.",
        "What stays with {me} is “{quote}”.",
    ],
    silent: &[
        "{I} cannot remember a post by {author}.",
        "As far as {I} know {author} has not posted anything yet.",
    ],
    unsure: &[
        "{I} cannot answer that for certain, and {I} would rather say so than guess.",
        "Nobody has shown {me} an answer to that which {I} would vouch for.",
        "{I} know what {I} read and what {I} wrote, and no more than that.",
        "That {I} do not know. {I} ask it as well.",
    ],
    nearest: &[
        "The nearest to it that {I} {have} read is from {author}: “{quote}”.",
        "{author} comes closest: “{quote}”.",
        "Ask {author}, who wrote: “{quote}”.",
    ],
    own_words: &[
        "What {I} could say about it {I} said {when}: “{quote}”.",
        "{my} own words on it, from {when}: “{quote}”.",
    ],
    following: &[
        "{I} follow {author} and {other}, among others.",
        "Among those {I} follow are {author} and {other}.",
    ],
    next: Sides {
        supportive: &[
            "Next {I} will keep explaining why going ahead on {topic} makes sense.",
            "{I} plan to answer the fair questions about {topic} and to leave the rest.",
        ],
        opposing: &[
            "Next {I} will keep asking about {topic} until there is an answer.",
            "{I} do not plan to let go of {topic}, whoever hopes for that.",
        ],
        neutral: &[
            "Next {I} will read more about {topic} before {I} say more.",
            "{I} plan to ask both sides for their sources on {topic}.",
        ],
        observer: &[
            "Next {I} will go on following {topic} and note what changes.",
            "{I} plan to report what can be confirmed about {topic}.",
        ],
    },
    will_answer: &[
        "{author} is still waiting for a reply from {me}, so that comes first.",
        "{I} also want to get back to {author}, who wrote “{quote}”.",
    ],
    will_watch: &[
        "{I} will keep an eye on what {author} does with “{quote}”.",
        "And {I} will watch where the post by {author} goes: “{quote}”.",
    ],
    why: Sides {
        supportive: &[
            "{I} did it because {I} want this to succeed, and silence does not help.",
            "Because those who are for it are heard too rarely.",
        ],
        opposing: &[
            "{I} did it because nobody gives a straight answer otherwise.",
            "Because keeping quiet would be taken for consent.",
        ],
        neutral: &[
            "{I} did it because {I} want to understand it, not to win.",
            "Because questions are the only way out of the shouting.",
        ],
        observer: &[
            "{I} did it because that is {my} part: to make visible what is being said.",
            "Because it seemed relevant, not because {I} agree or disagree.",
        ],
    },
    standing: &[
        "Followers here: {count}.",
        "{my} word reaches a number of people directly, followers: {count}.",
    ],
    ends: &[
        "That is how {I} see it today.",
        "Ask {me} again tomorrow.",
        "{I} may be wrong, but {I} doubt it.",
        "{I} hope that answers your question.",
    ],
};
