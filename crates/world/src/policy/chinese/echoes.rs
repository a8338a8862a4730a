//! What posts say that take something up: others, oneself, the story.

use crate::policy::phrases::{Attitudes, List, Sides, Speakers};

pub(super) const ECHO: Attitudes = Attitudes {
    agrees: &[
        "{author}关于{topic}的话，说出了很多人的心里话。",
        "看{author}谈{topic}，一路点头。",
        "没看到{author}怎么说{topic}的，翻回去看看。",
        "{author}在{topic}上是对的，这话早该有人说。",
        "本来想写写{topic}，{author}已经写得更好了。",
        "多来几条{author}这样的帖子，{topic}就该这么谈。",
        "这次站{author}，争论{topic}之前先看看这条。",
        "很高兴看到{author}为{topic}开口。",
    ],
    differs: &[
        "在{topic}上我和{author}谈不拢，没关系，但请看看漏掉了什么。",
        "先看看{author}怎么说{topic}，然后请再看点别的。",
        "努力跟着{author}的逻辑想{topic}，第一个弯就跟丢了。",
        "{author}把{topic}说得很简单，其实不简单。",
        "很多人觉得{author}谈{topic}谈得好，我不觉得。",
        "{author}关于{topic}的话好听，直到你问谁来买单。",
        "想对{author}和在{topic}上持同样看法的人说：来和我们聊聊。",
        "{author}谈{topic}的毛病：只有结论，没有证据。",
    ],
    asks: &[
        "{author}关于{topic}提了一点，我答不上来，你们呢？",
        "有人了解{author}说的{topic}吗？",
        "还在想{author}那条关于{topic}的帖子。",
        "{author}在{topic}上说得对吗？我摇摆不定。",
        "{author}挑起了关于{topic}的讨论，两边都值得看。",
        "很想看到有人心平气和地回应{author}谈的{topic}。",
        "转{author}关于{topic}的话之前先问一句：有人核实过吗？",
        "不知道该怎么看{author}说的{topic}，谁来说服我，哪边都行。",
    ],
};

pub(super) const ORGANISATION_ECHO: Attitudes = Attitudes {
    agrees: &[
        "感谢{author}关注{topic}，看的人越多越好。",
        "{author}说的{topic}，也是我们每天听到的，很高兴有人一起说。",
        "在{topic}上，我们和{author}站在一起。",
        "{author}关于{topic}的话我们支持，也愿意公开这么说。",
    ],
    differs: &[
        "关于{author}对{topic}的看法：有几点我们不同意，也愿意公开说明。",
        "{author}关于{topic}的说法我们看到了，会在合适的时候回应。",
        "对{author}所说的{topic}，我们想补充事实，不想添火。",
        "欢迎{author}直接来和我们谈{topic}。",
    ],
    asks: &[
        "{author}提到了{topic}，这是个正当的话题，我们会参与讨论。",
        "有人问起{author}的帖子，我们对{topic}的看法早已公开。",
        "欢迎{author}和所有对{topic}有疑问的人直接联系我们。",
        "{author}关于{topic}的帖子我们看到了，已经记下。",
    ],
};

pub(super) const PRESS_ECHO: List = &[
    "{author}：“{quote}”。",
    "{author}表示“{quote}”，另一方的回应尚待发布。",
    "{author}公开发声：“{quote}”。",
    "今日之声，来自{author}：“{quote}”。",
    "“{quote}”，{author}以这句话加入讨论。",
    "{author}的原话：“{quote}”。本报已询问细节。",
    "{author}告诉关注者：“{quote}”。",
    "此刻热议，{author}称：“{quote}”。",
];

pub(super) const BOTH_SIDES: List = &[
    "{author}说：“{quote}”。{other}不同意。",
    "{author}称“{quote}”，{other}则是另一种说法。",
    "两种说法。{author}：“{quote}”。{other}的看法正好相反。",
    "{author}与{other}各执一词，前者的原话是：“{quote}”。",
    "{other}反驳了{author}，后者写道：“{quote}”。",
    "{author}（“{quote}”）和{other}之间，共识不多。",
    "{author}与{other}未能达成一致，争议在于：“{quote}”。",
    "“{quote}”，{author}的这句话，{other}不接受。",
];

pub(super) const POPULAR: Attitudes = Attitudes {
    agrees: &[
        "{author}关于{topic}的话有{count}个赞，原来不止我一个人这么想。",
        "{author}谈{topic}的那条已经{count}个赞，每个都该得。",
        "看看{author}底下：{count}个赞，给关于{topic}的大实话。",
        "在{topic}上有{count}个人赞同{author}，再加我一个。",
    ],
    differs: &[
        "{count}个赞也不能让{author}在{topic}上变对。",
        "{author}靠那句{topic}拿了{count}个赞，掌声不是论据。",
        "{count}个人赞了{author}说的{topic}，有几个看了第二遍？",
        "{author}底下{count}个赞，{topic}还是没有答案。",
    ],
    asks: &[
        "{author}谈{topic}有{count}个赞，看来戳到了什么。",
        "{count}个赞了，我还是不知道{author}在{topic}上对不对。",
        "到处都是{author}那条{topic}，{count}个赞，有人核实过吗？",
        "{author}一条{topic}怎么拿到{count}个赞的？大概是时机。",
    ],
};

pub(super) const PRESS_POPULAR: List = &[
    "{author}关于{topic}的帖子已超过{count}个赞。",
    "{count}个赞：{author}谈{topic}成为今天传播最广的帖子之一。",
    "今日热读：{author}谈{topic}，目前{count}个赞。",
    "{author}关于{topic}的话传开了，短时间内{count}个赞。",
];

pub(super) const FIGURE: List = &[
    "{author}那条里，我记住的是这个数字：{number}。",
    "{author}给的数字，忘不掉：{number}。",
    "意见一大堆，数字只有一个，{author}说的：{number}。",
    "{author}写的是{number}，这是怎么算出来的？",
    "一直在想{author}提到的一个细节：{number}。",
    "{number}，请回去再看一遍{author}那条。",
    "吵之前先问一句：{author}说的{number}，大家都认吗？",
    "{number}。{author}要是没写错，后面的事就多了。",
];

pub(super) const AGAIN: Sides = Sides {
    supportive: &[
        "{when}我写过：“{quote}”。现在还会这么写。",
        "{when}那句话不是人人爱听，我还是认：“{quote}”。",
        "“{quote}”，这是我{when}说的，没打算收回。",
        "{when}发完之后我又想了想，意思不变：“{quote}”。",
        "一个字都不收回：“{quote}”。{when}说的，现在也成立。",
        "给{when}没看到的人：“{quote}”。",
        "{when}写的“{quote}”，还是站得住。",
        "和{when}的看法一样，只是更平静：“{quote}”。",
    ],
    opposing: &[
        "“{quote}”，我{when}写的，是认真的。",
        "{when}说的，还没了结：“{quote}”。",
        "{when}就说过：“{quote}”。可以再说大声一点。",
        "{when}发的，现在还是这个看法：“{quote}”。",
        "“{quote}”，{when}说的，没人能说服我改口。",
        "{when}可能有人没看到，再提醒一次：“{quote}”。",
        "{when}是这样，现在还是这样：“{quote}”。",
        "{when}说的就是这个：“{quote}”。事情还在那里。",
    ],
    neutral: &[
        "{when}我写过：“{quote}”。现在会写得更谨慎一点。",
        "回到{when}说的“{quote}”，现在还成立吗？",
        "{when}那条（“{quote}”）的后续：没有后续。",
        "{when}我写了“{quote}”，欢迎继续回复。",
        "{when}那句还在心里转：“{quote}”。",
        "“{quote}”，那是{when}，到现在也没更明白。",
        "{when}我想的是“{quote}”，今天没那么肯定了。",
        "{when}的问题还没有答案：“{quote}”。",
    ],
    observer: &[
        "{when}的记录：“{quote}”。和今天对比一下。",
        "“{quote}”，{when}记的，之后又往前走了一步。",
        "回看{when}：“{quote}”。",
        "{when}记下的一句，供对照：“{quote}”。",
        "{when}的笔记：“{quote}”。",
        "{when}：“{quote}”。现在也差不多，换了说法。",
        "{when}写的留着不改：“{quote}”。",
        "“{quote}”，{when}写的，暂时没有要更正的。",
    ],
};

pub(super) const STORY: Speakers = Speakers {
    person: &[
        "说到底就是：{clause}。",
        "今天如果只看一件事，就看这个：{clause}。",
        "感觉得到风向在变：{clause}。",
        "现在走到了这一步：{clause}。",
        "我对今天的理解：{clause}。",
        "花了点时间才看明白：{clause}。",
        "给刚来的人一句话总结：{clause}。",
        "和谁聊都注意到同一件事：{clause}。",
        "仔细看，到处都是：{clause}。",
        "以后回头看，重要的是这个：{clause}。",
        "别说没人看出来：{clause}。",
        "真正的消息在字里行间：{clause}。",
        "不管站哪边，这一点很清楚：{clause}。",
        "一直在想一件事：{clause}。",
        "先把吵闹放一边：{clause}。",
        "记住今天：{clause}。",
    ],
    organisation: &[
        "从收到的留言看得出来：{clause}。",
        "我们对形势的判断：{clause}。",
        "目前观察到的情况：{clause}。",
        "给成员和朋友的简短说明：{clause}。",
        "我们在为看得见的变化做准备：{clause}。",
        "应该不会让人意外：{clause}。",
        "就目前所知：{clause}。",
        "答应过及时通报：{clause}。",
    ],
    press: &[
        "进展中：{clause}。",
        "此刻的局面：{clause}。",
        "分析：{clause}。",
        "简讯：{clause}。",
        "记者观察到变化：{clause}。",
        "今日看点：{clause}。",
        "一句话梳理：{clause}。",
        "多个消息源提到同样的转折：{clause}。",
    ],
};
