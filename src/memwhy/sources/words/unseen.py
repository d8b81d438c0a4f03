"""Unseen: sentences by which the runtime does not know of the memory: its tools show nothing, or it lies outside its heap."""

from memwhy.sources.words.wording import any_of

_TOOL = (
    r"(?:(?:go tool )?pprof|(?:(?:go|java|jvm|js|v8|python|managed|the)[- ])?(?:heap|memory|allocation|inuse|in-use)[- ]?(?:profil\w+|snap ?shots?|dumps?|histograms?|analys[ie]s|analy[sz]ers?)|profilers?"
    r"|tracemalloc|memray|objgraph|guppy|pympler|memory_profiler|heap ?snapshots?|dev ?tools|visualvm|jmap|eclipse mat|gc ?dumps?|dotmemory|(?:runtime\.?)?(?:read)?memstats(?:\(\))?|gctrace|jvm metrics|heap metrics|heap stat\w*)"
)
_RUNTIME = r"(?:go|golang|jvm|java|python|cpython|node(?:\.?js)?|v8|js|javascript|ruby|\.net|dotnet|clr|beam|managed|runtime|gc|garbage[- ]collect(?:ed|or))"
_IT = r"(?:it|this|that|them|these|any(?:thing)?|much|most|nearly|leaks?|growth|where|why|the (?:\w+ )?(?:leak\w*|memory|growth|rest|difference|increase|amount|rise|culprit|problem|issue|usage|cause|reason)|a(?:ny)? (?:memory )?(?:leak|growth|increase|problem))\b"
_SEES = r"(?:show|see|explain|account for|reveal|report|reflect|include|contain|capture|track|indicate|list|find|match|have|give|know (?:about|of))"
_SEEN = r"(?:show(?:s|n|ed|ing)?(?: up)?|visible|appear\w*|seen|see(?: \w+)?|reflected|accounted for|explain(?:s|ed)?|found|find(?: \w+)?|present|tracked|captured|recorded|reported|included|counted|listed|detected|there)"
_WHOSE = r"(?:(?:the|a|an|any|our|my|its|go|go's|of|these|those|all|java|node|python) ){0,3}"

UNSEEN = any_of(
    rf"\b{_TOOL}(?: output| result\w*)? (?:also |itself |still |\w+ly )?(?:does|do|did|can|could|would)(?:n't| ?not) (?:\w+ )?{_SEES} (?:me |us )?{_IT}",
    rf"\b{_TOOL}(?: output| result\w*)? (?:only |also |always |just |still )?(?:shows?|showed|sees?|saw|reveals?|revealed|reports?|reported|contains?|indicates?|finds?|found|gives?|gave|has|have)(?: me| us)? (?:absolutely |almost |basically |really |literally )?(?:nothing|no (?:\w+ )?(?:leaks?|growth|sign\w*|indication|increase|problems?|issues?|anomal\w+|culprit|difference|change))\b",
    rf"(?:\b(?:not|never|nothing|none|cannot|no (?:trace|sign))\b|n't\b)(?: [\w'-]+){{0,5}}? {_SEEN} (?:anywhere )?(?:in|by|from|on|via|with|at) {_WHOSE}{_TOOL}",
    rf"\b(?:nothing|no (?:\w+ )?(?:leak|growth|trace|sign of (?:it|a leak))) in {_WHOSE}{_TOOL} (?:explains?|shows?|accounts?|points?|suggests?|looks?|stands? out|is|seems)\b",
    rf"\b{_TOOL} (?:all )?(?:look|looks|looked|seem|seems|is|are|was|were|appears?|stays?|remains?) (?:all |totally |perfectly |completely |quite |pretty |very |absolutely |to be )?(?:fine|normal|clean|healthy|ok(?:ay)?|unremarkable|empty|small|tiny|innocent|good|stable|flat|constant|the same)\b",
    rf"(?:\bnot|n't|\bnever|\bnor)\b(?: [\w'-]+){{0,4}}? (?:managed|tracked|owned|controlled|known|seen|allocated|counted|held|used|retained|caused) by {_WHOSE}{_RUNTIME}(?:'s)?\b",
    rf"\b(?:outside|out)(?: of)? (?:the |of )?{_RUNTIME}(?:'s)?(?: (?:heap|runtime|memory|gc|allocator|collector|process heap|vm))\b",
    rf"(?:\bnot|n't)\b (?:\w+ ){{0,3}}?(?:on|in|from|part of) (?:the |its )?{_RUNTIME}(?:'s)? heap\b",
    rf"(?:\bnot|n't) (?:\w+ )?{_RUNTIME} (?:heap )?memory\b",
    r"(?:pprof|profile|heap ?dump|堆(?:快照|分析|转储))\s?(?:里|中|上)?(?:都|也)?(?:看不到|看不出|没有(?:发现)?|未发现|正常|找不到)|(?:プロファイル|pprof|ヒープダンプ)(?:に|には|では)(?:\S{0,6})(?:現れ|見え|出て?こ)(?:ない|ません)|(?:pprof|Heap-?(?:Dump|Profil)) zeigt (?:nichts|kein\w*)|pprof ne montre rien|pprof no muestra nada|(?:pprof|профил\w+) ничего не показыва\w+|в профиле (?:ничего|не вид\w+)",
)
"""The runtime's own tools do not show it, or it is not the runtime's."""

OTHERWISE = any_of(
    r"\b(?:goroutine|cpu|block|mutex|thread(?:create)?) profil\w+|\b(?:symbols?|line numbers?|function names?|source|graph|flame ?graph|web ui|unusable|broken|crash\w*|attach\w*|connect\w*|endpoint|enabled|permission|stack traces?)\b"
    r"|\b(?:only|just|mostly|entirely|all|mainly) (?:shows?|in|on) (?:the )?(?:heap|go)\b|\bgit\b"
)
"""Of another profile, or of how the tool works."""
