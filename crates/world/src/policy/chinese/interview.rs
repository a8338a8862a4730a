//! What is said in an interview.

use crate::policy::phrases::{Did, Interview, Sides};

pub(super) static INTERVIEW: Interview = Interview {
    about: &["{profile}。", "简单说：{profile}。", "{my}简介是：{profile}。"],
    who: &[
        "{I}是{name}。{about}",
        "这里是{name}。{about}",
        "你好，{I}是{name}。{about}",
        "先介绍一下，{I}是{name}。{about}",
    ],
    stance: Sides {
        supportive: &[
            "关于{topic}，{I}站在希望往前走的一边。",
            "说到{topic}，{I}觉得方向是对的。",
            "{topic}这件事，{I}总体上支持。",
            "{topic}的几种说法{I}都看过，还是支持。",
        ],
        opposing: &[
            "关于{topic}，{I}属于批评的一方。",
            "说到{topic}，官方的说法{I}不信。",
            "{topic}这样的做法，{I}是反对的。",
            "{topic}的几种说法{I}都看过，问题没有回答之前应该先停下来。",
        ],
        neutral: &[
            "关于{topic}，{I}还没有站队。",
            "说到{topic}，{I}尽量对双方公平。",
            "在{topic}上，{I}想先看证据再表态。",
            "在{topic}的两派之间，{I}在中间。",
        ],
        observer: &[
            "关于{topic}，{I}只记录，不站队。",
            "说到{topic}，{I}更愿意观察，而不是评判。",
            "在{topic}上，{I}记下谁在什么时候说了什么。",
            "{topic}？{I}一直在关注，但不发表意见。",
        ],
    },
    action: Sides {
        supportive: &[
            "{topic}？谁都可以参加，不过{I}不同意它的主张。",
            "说到{topic}，{I}尊重参与的人，但意见不同。",
        ],
        opposing: &[
            "{topic}，{I}是支持的，只有这样才有人回应。",
            "说到{topic}，{I}赞成，因为写信和提问都不够。",
        ],
        neutral: &[
            "{topic}{I}还没想好，但能明白为什么走到这一步。",
            "说到{topic}，赞成的、不赞成的{I}都在听。",
        ],
        observer: &[
            "{topic}？{I}记下谁赞成、谁不赞成，仅此而已。",
            "说到{topic}，{I}密切关注，但不参与。",
        ],
    },
    because: Sides {
        supportive: &[
            "停下来也有代价，只是很少有人去算。",
            "担心是真的，但{I}还没听到更好的办法。",
            "有问题可以改，就{I}看到的，正在改。",
            "声音大的不等于多数，这一点{I}每天都看得到。",
        ],
        opposing: &[
            "没有人问过要承受后果的人。",
            "问题很简单，答案到现在都没有。",
            "没有兑现的承诺{I}听得太多了。",
            "应该先公开、再决定，现在顺序是反的。",
        ],
        neutral: &[
            "两边都有道理，硬的事实却不多。",
            "流传的消息太多没有来源。",
            "两边都可能说服{me}，靠的是数据，不是音量。",
            "缺的是一个独立的第三方来看一看。",
        ],
        observer: &[
            "{I}感兴趣的是，说法每天都在变。",
            "{my}位置是听每个人说，而不是再添一种意见。",
            "事实还在一点点出来，两边引用的是同一批。",
            "不管别人怎么说，现在下结论还太早。",
        ],
    },
    moods: [
        &["总的来说，{my}心情不错。", "{I}对接下来抱有希望。", "可以说有信心，善意比看上去多。"],
        &[
            "{I}尽量冷静看待。",
            "{my}心情有点复杂，不过还好。",
            "谈不上生气，也谈不上高兴，算是在留心。",
        ],
        &["坦白说，{I}很担心。", "说实话，{I}有点累，也有点生气。", "不太好，想这件事想得太多了。"],
    ],
    did: Did {
        posted: &["{when}{I}发过：“{quote}”。", "{when}{I}写道：“{quote}”。"],
        reposted: &["{I}转发了{author}的“{quote}”。", "{author}的“{quote}”，{I}转给了大家。"],
        quoted: &[
            "{I}引用了{author}的帖子，加了一句“{quote}”。",
            "对{author}的帖子，{I}评了一句：“{quote}”。",
        ],
        liked: &["{I}赞了{author}的“{quote}”。", "{author}的“{quote}”，{I}点了赞。"],
        unliked: &[
            "{I}收回了给{author}的赞，那条写的是“{quote}”。",
            "{author}的“{quote}”，{I}取消了赞。",
        ],
        disliked: &["{I}踩了{author}的“{quote}”。", "{author}的“{quote}”，{I}投了反对票。"],
        undid_dislike: &[
            "{I}收回了对{author}的“{quote}”的反对票。",
            "{author}的“{quote}”，{I}想了想，把踩撤了。",
        ],
        reported: &["{I}举报了{author}的“{quote}”。", "{author}的“{quote}”，{I}请管理员看一下。"],
        commented: &["{I}回复{author}说“{quote}”。", "在{author}的帖子下，{I}写了“{quote}”。"],
        liked_comment: &[
            "{I}赞了{author}的评论“{quote}”。",
            "{author}的评论“{quote}”，{I}点了赞。",
        ],
        unliked_comment: &[
            "{I}收回了给{author}评论“{quote}”的赞。",
            "{author}的评论“{quote}”，{I}不再点赞。",
        ],
        disliked_comment: &[
            "{I}踩了{author}的评论“{quote}”。",
            "{author}的评论“{quote}”，{I}觉得过分了。",
        ],
        undid_comment_dislike: &[
            "{I}撤回了对{author}评论“{quote}”的踩。",
            "{author}的评论“{quote}”，{I}想了想就算了。",
        ],
        followed: &["{I}关注了{author}。", "{I}开始关注{author}。"],
        unfollowed: &["{I}取消关注了{author}。", "{I}不再关注{author}。"],
        muted: &["{I}屏蔽了{author}。", "{I}暂时屏蔽了{author}。"],
        unmuted: &["{I}又能看到{author}了。", "{I}解除了对{author}的屏蔽。"],
    },
    did_nothing: &["到现在{I}只是看，还没有做什么。", "{I}一直在旁观，还没说话。"],
    liked: &["{I}写的“{quote}”有{likes}个赞。", "有{likes}个人赞了{I}写的“{quote}”。"],
    answered: &["{author}回复了{me}：“{quote}”。", "最新的回复来自{author}：“{quote}”。"],
    unanswered: &["还没有人回复{I}写的东西。", "到现在{I}没有收到回复。"],
    sees: &[
        "{I}现在看到最多的是{author}的“{quote}”。",
        "{author}写道“{quote}”，很难不注意到。",
        "身边的人都在谈{author}说的“{quote}”。",
        "{I}看到的内容里，靠前的是{author}的“{quote}”。",
    ],
    divided: &["就{I}看到的，意见分歧很大。", "远谈不上一致，语气也差很多。"],
    sees_nothing: &["{my}首页现在是空的，什么也没看到。", "还没有什么内容传到{me}这里。"],
    same_side: &["{author}和{I}在这件事上是同一边的。", "主要问题上，{author}和{I}想的一样。"],
    other_side: &["{author}和{I}在这件事上立场相反。", "主要问题上，{I}不同意{author}。"],
    no_side: &[
        "对{author}，{I}谈不上同意或反对，要看具体问题。",
        "{author}和{I}不在同一阵营，也不对立。",
    ],
    follows: &["{I}关注了{author}，大部分都会看。", "{author}是{I}关注的人。"],
    mutes: &[
        "{I}屏蔽了{author}，所以看不到那边的内容。",
        "{author}在{my}屏蔽名单里，再吵也是绕圈子。",
    ],
    latest: &["{I}知道的最近一条是“{quote}”。", "{I}印象深的一句是“{quote}”。"],
    silent: &["{I}不记得{author}发过什么。", "据{I}所知，{author}还没有发过帖。"],
    unsure: &[
        "这个{I}说不准，与其乱猜，不如直说。",
        "到现在还没看到让{I}放心的答案。",
        "{I}只知道读到的和写过的，再多就不知道了。",
        "这个{I}也不知道，{I}也在问。",
    ],
    nearest: &[
        "{I}看到的最接近的一条，是{author}说的：“{quote}”。",
        "最接近的是{author}：“{quote}”。",
        "可以去问{author}，原话是：“{quote}”。",
    ],
    own_words: &["{I}能说的，{when}已经说了：“{quote}”。", "{when}{I}自己写过：“{quote}”。"],
    following: &["{I}关注了{author}和{other}等人。", "{I}关注的人里有{author}和{other}。"],
    next: Sides {
        supportive: &[
            "接下来{I}会继续说明{topic}为什么应该往前走。",
            "{I}打算回答关于{topic}的认真提问，其余的就不理了。",
        ],
        opposing: &[
            "接下来{I}会继续追问{topic}，直到有答案。",
            "{topic}这件事{I}不打算放手，不管谁盼着。",
        ],
        neutral: &[
            "接下来{I}会多看些{topic}的材料再说话。",
            "{I}打算请双方给出关于{topic}的来源。",
        ],
        observer: &["接下来{I}会继续关注{topic}，记下变化。", "关于{topic}，{I}打算只说能证实的。"],
    },
    will_answer: &["{author}还在等{my}回复，先回这个。", "{I}还想回应{author}说的“{quote}”。"],
    will_watch: &[
        "{I}会留意{author}的“{quote}”之后怎样。",
        "另外，{author}那条“{quote}”会怎么发展，{I}会看着。",
    ],
    why: Sides {
        supportive: &[
            "{I}这么做，是希望这件事能成，不说话帮不上忙。",
            "因为支持的声音太少被听到。",
        ],
        opposing: &["{I}这么做，是因为不这样就没人正面回答。", "因为不出声会被当成同意。"],
        neutral: &["{I}这么做，是想弄明白，不是想赢。", "因为只有提问才能走出争吵。"],
        observer: &[
            "{I}这么做，是因为{my}位置就是让大家看到各方说了什么。",
            "因为它值得注意，不代表{I}同意或反对。",
        ],
    },
    standing: &["在这里有{count}个人关注{me}。", "{I}在这个平台有{count}个粉丝。"],
    ends: &[
        "这就是{I}今天的看法。",
        "明天也许可以再问{me}一次。",
        "{I}可能是错的，但{I}不这么觉得。",
        "希望这回答了你的问题。",
    ],
};
