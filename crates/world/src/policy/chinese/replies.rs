//! What replies to comments say, and what may be added to a comment.

use crate::policy::phrases::{Attitudes, List};

pub(super) const PERSON_REPLY: Attitudes = Attitudes {
    agrees: &[
        "说得好，{author}。",
        "{author}说对了。",
        "{author}这话我签字。",
        "正想说的被{author}说了。",
        "谢谢{author}，这里最好的一条评论。",
        "附议{author}。",
        "{author}，你比楼主说得好。",
        "大家听听{author}的。",
    ],
    differs: &[
        "{author}，我觉得站不住。",
        "抱歉，{author}，这没说到{topic}的点上。",
        "不对，{author}，再看一遍。",
        "{author}，对你也许是，对我们不是。",
        "请问{author}，这是哪里来的？",
        "{author}，你在反驳没人说过的话。",
        "这也太轻松了，{author}。",
        "{author}，你的评论我看了三遍，还是不同意。",
    ],
    asks: &[
        "{author}，你怎么知道的？",
        "能解释一下吗，{author}？",
        "有意思，{author}，整个{topic}都是这样吗？",
        "{author}，有链接吗？",
        "我愿意相信，{author}，依据呢？",
        "那然后呢，{author}？",
        "{author}，是你亲眼看到的吗？",
        "有道理，{author}，那你怎么回应不同意的人？",
    ],
};

pub(super) const ORGANISATION_REPLY: Attitudes = Attitudes {
    agrees: &[
        "谢谢{author}，我们同意。",
        "{author}，这条很有帮助，已转达。",
        "说得好，{author}，我们的人也这么看。",
        "感谢支持，{author}。",
    ],
    differs: &[
        "{author}，我们理解你的不满，但这不准确。",
        "{author}，我们对{topic}的看法不同，愿意说明。",
        "{author}，请看看我们公布的内容，里面有回答。",
        "感谢{author}的直率，结论我们不认同。",
    ],
    asks: &[
        "{author}，方便把细节发给我们吗？",
        "谢谢{author}，你指的是{topic}的哪部分？",
        "{author}，请问这是从哪里知道的？",
        "{author}，我们想多了解一点。",
    ],
};

pub(super) const PRESS_REPLY: List = &[
    "{author}，可以采访你吗？",
    "谢谢{author}，关于{topic}你还知道什么？",
    "{author}，我们在核实，能把来源发来吗？",
    "{author}，这条评论可以引用吗？",
    "好几位读者和{author}说的一样，我们会跟进。",
    "{author}，这里也有人说相反的话，你怎么回应？",
    "记下了，{author}，已经去问负责人。",
    "{author}，你当时在场吗？我们在找目击者。",
];

pub(super) const THANKS: List = &[
    "谢谢{author}，这句话很有分量。",
    "{author}，听你这么说很高兴。",
    "谢谢{author}，还以为没人看。",
    "很高兴看法一致，{author}。",
    "{author}，我就是这个意思。",
    "感谢{author}，一起坚持。",
    "谢谢{author}，你懂的。",
    "{author}，你让我今晚心情变好了。",
];

pub(super) const DEFENDS: List = &[
    "{author}，我没这么说。",
    "{author}，我听到了，但每个字我都坚持。",
    "{author}，先回答问题，再谈我的语气。",
    "{author}，你可以不同意，但{topic}不会因此消失。",
    "就知道{author}会这么回。",
    "{author}，指出哪里错了，我就改。",
    "{author}，不必针对个人。",
    "{author}，我说是因为它是真的，不是因为好听。",
];

pub(super) const EXPLAINS: List = &[
    "问得好，{author}，据我所知还没人查过。",
    "{author}，是看来的，也问过信得过的人。",
    "{author}，我也不敢说一定，只是比较有把握。",
    "{author}，我指的是整个{topic}，不是个案。",
    "我去找来源，{author}，回头告诉你。",
    "{author}，更多是印象，不算事实，该说清楚的。",
    "{author}，很乐意解释：{topic}总得有人先开口。",
    "{author}，我的意思是本来可以处理得更好。",
];

pub(super) const ENDS: Attitudes = Attitudes {
    agrees: &[
        "我可不常这么说。",
        "继续。",
        "应该让更多人看到。",
        "收藏了。",
        "就想说这句。",
        "再谢一次。",
        "真心的。",
        "加油。",
        "写得好。",
        "我们这里都这么想。",
        "已经给两个朋友看了。",
        "就这么简单。",
        "没什么要补充的。",
        "早该如此。",
        "投你一票。",
        "有点希望了。",
    ],
    differs: &[
        "随口一说。",
        "对，我查过。",
        "错了我认。",
        "没有恶意。",
        "大家都公平一点。",
        "想一想。",
        "今天就说到这里。",
        "你可以说得更好。",
        "我等着。",
        "对事不对人。",
        "再试一次。",
        "有些人是要承受后果的。",
        "我倒希望是我错了。",
        "先讲事实。",
        "不然就别聊了。",
        "这话得有人说。",
    ],
    asks: &[
        "只是好奇。",
        "认真问的。",
        "真的不知道。",
        "不是挖坑。",
        "先谢了。",
        "我在听。",
        "也许别人更清楚。",
        "不着急。",
        "对我有帮助。",
        "找过了，没找到。",
        "值得想想。",
        "可能是我漏看了。",
        "想先弄明白。",
        "身边有人在问我。",
        "我可以被说服。",
        "简单说说也行。",
    ],
};

pub(super) const PRESS_ENDS: List = &[
    "谢谢。",
    "只报道能证实的。",
    "欢迎提供线索。",
    "可以私信。",
    "我们会继续跟进。",
    "欢迎指正。",
    "后续稍后发出。",
    "请直接联系我们。",
];

pub(super) const MEASURED_ENDS: List = &[
    "谢谢。",
    "随时可以联系我们。",
    "每条回复我们都看。",
    "稍后会有更多消息。",
    "我们是认真的。",
    "欢迎来谈。",
    "今天只能说这些。",
    "感谢交流。",
    "这对我们很重要。",
    "会跟进的。",
    "请多包涵。",
    "公开场合我们也这么说。",
    "感谢耐心。",
    "这些问题我们都有记录。",
    "会有人处理。",
    "此致。",
];
