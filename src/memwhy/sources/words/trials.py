"""Trials: what people change to see whether memory falls, and what came of it, in the words for them.

Names are model.said.TRIALS. A trial without an outcome was perhaps only suggested, and is none.
"""

from functools import lru_cache
from typing import Literal

from memwhy.sources.words.wording import Wording, any_of, bits, signs

Outcome = Literal["fell", "same", "rose"]

_PLUGIN = r"(?:plugin|feature|module|extension|agent|middleware|logging|tracing|option|flag|profiler|collector|hook|exporter|integration|addon|telemetry)"
_WORK = r"(?:loops?|iterations?|rounds?|runs?|tests?|batch(?:es)?|jobs?|tasks?|quer(?:y|ies)|uploads?|downloads?|phases?|imports?|exports?|scans?|backups?|syncs?|cop(?:y|ying)|conversions?|processing|bursts?|computations?|training)"
_TRIALS: dict[str, Wording] = {
    name: any_of(pattern)
    for name, pattern in {
        "malloc_trim": r"malloc_trim|malloc\.trim",
        "forced_gc": r"(?:debug\.)?FreeOSMemory|runtime\.GC\b|System\.gc|gc\.collect|\bglobal\.gc|\bGC\.run"
        r"|(?:forc(?:ed?|ing)|manual(?:ly)?|explicit|trigger\w*|call\w*|run(?:ning)?|full) (?:a |an |the )?(?:full |manual )?(?:gc\b|garbage collect\w+)|\bforced a (?:full )?collect\w*|\bgc trigger\w*|(?:手动|强制|主动)(?:触发|执行|调用)? ?gc|GC ?を(?:強制|実行)|강제 ?GC|принудительн\w+ (?:gc|сбор\w+)",
        "arena_max": r"M(?:ALLOC)?_ARENA_MAX|M_MMAP_THRESHOLD|MALLOC_(?:MMAP|TRIM)_THRESHOLD_?|\bmallopt|arena_max"
        r"|\b(?:limit\w*|restrict\w*) (?:\w+ ){0,2}(?:glibc|malloc|libc|C library|allocator) to (?:\w+ )?(?:arenas?|pools?)|\b(?:fewer|one|two|a single|only \d) (?:malloc |glibc )?arenas?\b",
        "other_allocator": r"(?:\bswitch\w*|\bswap\w*|\bchang\w*|mov(?:ed|ing)|preload\w*|LD_PRELOAD\S*|link(?:ed|ing)|using|used|with|under|via|tr(?:y|ied|ying)|replac\w*|instead|to|on|from|换成?|改用|使用|切换到?|改成|を|mit|auf|avec|con|com|на|с).{0,24}?(?:jemalloc|tcmalloc|mimalloc)"
        r"|(?:jemalloc|tcmalloc|mimalloc) (?:instead|preloaded|fix\w*|solve\w*|help\w*|did|work(?:s|ed)|cured|made|makes|brought|brings|cut|keeps|kept|resolv\w*)|(?:switch\w*|chang\w*|mov(?:ed|ing)) (?:\w+ ){0,3}(?:from (?:alpine|musl)|to (?:debian|glibc|musl|alpine))|(?:musl|alpine) (?:to|->) (?:glibc|debian)",
        "madvdontneed": r"madvdontneed",
        "huge_pages_off": r"(?:disabl\w*|turn\w* off|without|禁用|关闭|отключ\w*) .{0,20}?(?:thp\b|transparent[_ ]?huge|huge ?pages)|(?:thp|transparent[_ ]?huge[_ ]?pages?|huge ?pages)\W.{0,20}?(?:never|off|disabled|madvise)",
        "gogc": r"\bGOGC\b|SetGCPercent",
        "memory_limit": r"GOMEMLIMIT|SetMemoryLimit",
        "cache_bound": r"\b(?:set(?:ting)?|turn(?:ed|ing)?|switch(?:ed|ing)?) (?:the )?\w{0,40}cache\w{0,40} (?:to )?(?:true|false|on|off)\b|\b(?:cache[_ -]?(?:size|capacity|limit|mb|bytes)|block[_ -]?cache(?:[_ -]?(?:size|capacity))?|buffer[_ -]?pool(?:[_ -]?size)?|shared_buffers|max[_ -]?(?:cache|memory|entries)\w*|--?cache)\b ?(?:=|:|to|of|set to) ?-?\d[\d.]*|\b(?:smaller|larger|lower|bigger|limit\w*|reduc\w+|shrink\w*|shrunk|halv\w+|doubl\w+|cap(?:ped|ping)) (?:\w+ ){0,3}?(?:cache|buffer pool|caches|pool)\b|\b(?:cache|buffer pool) (?:size )?(?:limited|reduced|halved|doubled|set|shrunk|lowered|capped) (?:to|by)\b"
        r"|缓存(?:大小)?(?:改|设|调)(?:成|为|到|小|大)|キャッシュ(?:サイズ)?を.{0,8}(?:に|減ら|小さく)|\b(?:kleinere[mnr]?|größere[mnr]?) (?:\w+)?cache\b|\bcache (?:plus petit|más pequeñ\w+|menor)|уменьш\w+ (?:размер )?кэш\w*",
        "drop_caches": r"drop_caches|drop(?:ping|ped)? (?:the )?(?:page )?caches?",
        "process_ended": r"\b(?:after|when|once|upon|even|nach|après|al|после)\b.{0,30}?\b(?:kill(?:ing|ed)?|stopp(?:ing|ed)|exit(?:s|ed|ing)?|terminat\w+|ended|quit\w*|finished|shut\w* down|beend\w+|завершен\w+|остановк\w+)\b(?! (?:and (?:then )?(?:re)?start|gc|the (?:load|traffic|benchmark|requests)))"
        r"|\bkilling (?:the |that )?(?:[\w.-]+ )?(?:process|app|service|daemon|container|pod)\b|\bno (?:\w+ )?process(?:es)? (?:is |are |was |were )?(?:running|left|alive|any ?more|remain\w*|between|there)\b|\bnothing (?:is running|runs) (?:any ?more|there|in it|now|on it)\b|\bkein \w{0,20}prozess (?:läuft|mehr)"
        r"|\b(?:process|program|app\w*|service|container|daemon|server|test)\b (?:is |was |has |had |has been )?(?:killed|stopped|exited|exits|finished|ended|terminated|gone)\b|(?:杀掉|杀死|停掉|停止|关闭)(?:了)?(?:该|这个)?(?:进程|程序|容器)|进程(?:退出|结束|被杀)|プロセス(?:を|が)?(?:終了|停止|kill)|프로세스.{0,6}(?:종료|죽)",
        "load_stopped": r"\b(?:after|when|while|once|even|nach|après|после)\b.{0,30}?\b(?:(?:work ?)?load|traffic|requests?|benchmark|stress|clients?|messages|Last|charge|carga|нагрузк\w+)\b.{0,16}?\b(?:stop\w*|end(?:s|ed)?|finish\w*|complet\w+|over|done|gone|ceas\w*|disconnect\w*|remov\w+)"
        rf"|\b(?:after|when|once|even)\b.{{0,30}}?\b{_WORK}\b.{{0,16}}?\b(?:stop\w*|end(?:s|ed)?|finish\w*|over|done|complet\w+)"
        r"|\bstop(?:ping|ped)? (?:the |all )?(?:tests?\b|testing|load|traffic|requests|benchmark|stress)|\b(?:load|traffic|requests|benchmark)\b (?:is |are |was |were |has |have )?(?:stopped|ended|over|gone)|压测(?:停止|结束|完)|停止(?:压测|请求|发压)|負荷を止め|снятия нагрузки",
        "feature_off": rf"\b(?:disabl(?:ed|ing|e)|turn(?:ed|ing) off|switch(?:ed|ing) off|uninstall\w*|comment(?:ed|ing) out|remov(?:ed|ing) the \w+ {_PLUGIN})\b|\bwithout (?:the |that |this )?(?:\w+ ){{0,3}}?{_PLUGIN}\b|禁用|关掉|关闭(?:了)?(?!连接|文件|进程)|無効に|deaktivier\w*|désactiv\w+|desactiv\w+|desativ\w+|отключ\w+",
        "fixed": r"\b(?:after|by|with|once|when)\b (?:(?!not\b|never\b|no\b)\w+ ){0,3}?(?:adding|calling|closing|releasing|freeing|unref\w*|upgrad\w+|downgrad\w+|updat(?:ing|ed)|revert\w*|roll\w* back|patch\w*|fix\w*)\b|\b(?:add(?:ed|ing)|call(?:ed|ing)) (?:\w+ ){0,3}?(?:\S+\.)?(?:close|free|release|unref|destroy|dispose|stop|cancel)\b\(?\)?"
        r"|\b(?:upgrad|downgrad|updat|revert)(?:ing|ed) (?:\w+ )?to\b|\bthe (?:fix|patch)\b|升级到|回退到|降级到|加上.{0,20}?(?:close|释放|关闭)|(?:修复|修正|优化|修改|改进|打补丁)(?:了|完)?(?:之|以)?[后後]|(?:修正|対策|改修|修復|改善|対応|パッチ適用)(?:後|したら|すると|の後)|(?:수정|패치|개선) ?후|mise à jour|nach dem Update|después de actualizar|после обновления",
    }.items()
}
ONCE = frozenset({"malloc_trim", "forced_gc", "drop_caches", "process_ended", "load_stopped"})
"""Done once, to see whether memory falls then; the others are settings to run with."""
_VAGUE = ("feature_off", "fixed")

_DOWN = r"(?:drop|fall|decreas|go(?:es|ing)? down|come? down|shrink|help|return|releas|free|reduc|fix|solv|resolv|lower|reclaim|recover|go(?:es)? away|improv|matter|chang|make (?:a|any)|work)"
_SAME = any_of(
    r"\b(?:more|most|even more|clearly|still|better|easily|plainly) (?:\w+ )?(?:apparent|visible|obvious|evident|noticeable|pronounced|striking|clear)\b",
    r"\b(?:nothing|only)\b(?: but| except| other than| else)?.{0,40}?\bhelps?\b",
    r"\bonly (?:frees?|freed|reclaim(?:s|ed)?|releas(?:es|ed)|recover(?:s|ed))\b|\b(?:frees?|freed|reclaim(?:s|ed)?|releas(?:es|ed)|recover(?:s|ed)) (?:only |just |almost )?(?:0(?![.,]?\d)|nothing|none|zero)\b",
    rf"\b(?:not|n't|never|nothing|neither|nor|cannot|hardly|barely|without)\b.{{0,24}}?\b{_DOWN}|n't.{{0,16}}?\b{_DOWN}"
    r"|\bno (?:\w+ )?(?:difference|effect|change|impact|improvement|luck|help)|\bsame (?:result|behaviou?r|issue|problem|growth|thing|picture|leak|memory|as before)|\bstill (?:\w+ )?(?:grow\w*|leak\w*|high|the same|increas\w*|happen\w*|there|shows?|us(?:es|ed|ing)|at|climb\w*|rising|rises|occup\w*|held|holds|not|exists?|persist\w*|reproduc\w*|remains?)|\bto no avail|\bin vain|\bunchanged|\bregardless|\buseless|\b(?:persists?|remains? (?:high|the same))"
    r"|没(?:有)?(?:什么)?(?:用|效果|变化|作用|改善|下降|降|释放|区别)|无效|無効果|无济于事|无变化|依然|仍然?|还是|不(?:下降|降|释放|变|管用|起作用)|変わら|効果(?:が|は)?(?:な|無)|改善し(?:ない|ま)|減ら(?:ない|な)|下がら|차이(?:가)? ?없|효과(?:가)? ?없|여전히|변화(?:가)? ?없"
    r"|kein\w* (?:Unterschied|Wirkung|Änderung|Besserung|Effekt)|(?:hilft|half|sinkt|fällt|ändert|bringt) (?:\w+ )?(?:nicht|nichts)|immer noch|(?:aucun\w*|pas de) (?:différence|effet|changement)|n'aide pas|ne (?:change|baisse|diminue|descend|résout) (?:rien|pas)|toujours"
    r"|(?:ninguna?|no hay|sin) (?:diferencia|efecto|cambios?)|no (?:ayuda|ayudó|cambia|baja|disminuye|soluciona)|sigue (?:igual|creciendo|subiendo)|(?:nenhuma?|não faz|sem) (?:diferença|efeito)|não (?:ajuda|ajudou|diminui|cai|resolve|muda)|continua"
    r"|не (?:помог\w*|влияет|меня\w+|изменил\w*|пада\w+|снижа\w+|освобожда\w+|уменьша\w+)|без (?:изменений|эффекта|толку)|по-прежнему|вс[её] равно|(?:разницы|эффекта) нет",
)
_FELL = any_of(
    r"\b(?:declin(?:es|ed)|drop(?:s|ped)?|fall(?:s|en)?|fell|go(?:es|ing)? (?:back )?down|went (?:back )?down|c[oa]mes? (?:back )?down|decreas(?:e[sd]?|ing)|reduc(?:e[sd]?|ing)|shr[aiu]nks?|lower(?:s|ed)|(?:is|was|are|were|gets?|got) (?:immediately |finally |all )?(?:freed|released|returned|reclaimed|gone|fixed|solved|resolved)|fix(?:es|ed)|solv(?:es|ed)|resolv(?:es|ed)|help(?:s|ed)|returns?(?! \d| 0| None| nothing| true| false)|returned|frees?|freed|releases?|released|back to|disappear\w*|stops? (?:growing|leaking|increasing)|stopped (?:growing|leaking|increasing)|no longer (?:grow\w*|leak\w*|increas\w*|happen\w*|reproduc\w*)|go(?:es)? away|went away|no (?:more )?(?:leak|growth)|(?:growth|leak|problem|issue) (?:(?:has |is )?(?:stop\w*|gone|solved|fixed|ended|disappeared|went away))|(?:makes?|made) (?:a |an |all the )?(?:\w+[ -]){0,5}difference|(?:much|far|way|a lot) (?:better|less|lower|smaller)|work(?:s|ed) (?:well|great|wonders|fine|like a charm|perfectly)|did the trick|(?:stable|flat|fine|normal|good) now|now (?:\w+ )?(?:stable|flat|fine|normal)|reclaim(?:s|ed)|recover(?:s|ed)|improv(?:es|ed)|(?:no|zero|0|without) (?:more )?(?:OOM[- ]?kill(?:s|ed|ing)?|OOMs?|out[- ]of[- ]memory)|halve[sd]|(?:cut|cuts) (?:\w+ ){0,4}(?:by|in half|to)|(?:does not|doesn't|did not|didn't|not) (?:grow|leak|increase|happen|reproduce))\b"
    r"|降到|降至|降回|下降|降低|减少|减小|释放了|被释放|稳定|解决|恢复|不再(?:增长|上涨|泄漏)|掉到|回落|下が(?:り|っ|る)|減(?:り|っ|る|少)|解消|解決|安定|떨어|감소|줄어|줄었|해결|안정"
    r"|\b(?:sinkt|sank|fällt|fiel|gelöst|behebt|behoben|hilft|half|gesunken|baisse|tombe|descend|redescend|diminue|résout|résolu|règle|baja|bajó|cae|cayó|disminuye|disminuyó|soluciona|solucionó|resuelve|cai|caiu|diminui|diminuiu|resolve|resolveu)\b|пада\w+|упал\w*|снижа\w+|снизил\w*|уменьш\w+|освобожда\w+|освободил\w*|решил\w*|решает|помог\w*|пропал\w*",
)
_ENDED = any_of(
    r"\b(?:no|zero|without) (?:more )?(?:OOM|out[- ]of[- ]memory)|(?<![\d.,])0 (?:OOM|out[- ]of[- ]memory)|(?:not|n't) (?:grow|leak|increase|happen|reproduce)|no (?:more )?(?:leak|growth)|no longer",
)
_STAYS = any_of(
    r"\b(?:ends? (?:up )?at|ended (?:up )?at|stays?|stayed|remain(?:s|ed)?|keeps?|kept|holds?|levels? off|stabili[sz]\w+|flat|stable|constant|steady|(?:max|top)(?:es|ed)? out|hovers?|hovered|settle[sd]?|plateau\w*|peaks? at|sits? at|capped at|bleibt|blieb|stabil|reste|stable|permanece|se mantiene|estable|fica|estável|stabiliz\w+)\b|稳定|保持|维持|остаётся|остается|стабил\w+|安定|유지",
)
_ROSE = any_of(
    r"\b(?:a bit|a little|slightly|each time|every time|again|always) (?:\w+ )?higher\b|\b(?:worse|even (?:more|higher|faster)|increas(?:es|ed) (?:further|even)|more memory|higher than before)\b|更(?:高|严重|多)|schlimmer|pire|peor|pior|хуже",
)
_SUGGESTS = any_of(
    r"\b(?:have you|did you|do you|could you|can you|would you|you (?:can|could|should|may|might|need|want)|please|try (?:it |to |set|run|call|us|with|switch|disab|add)|let's|suggest\w*|recommend\w*|consider|maybe|perhaps|possibly|might|may|should|would|could|if (?:you|we|i|this|that|it)|whether|wonder\w*|plan(?:s|ning)? to|going to|will|todo|propos\w+|ideally|in theory|supposed|documentation|according to|designed to|is used to|allows?|in order to|in (?:an |the )?(?:attempt|effort)|so that|hop(?:e|ing)|need to|next step)\b"
    r"|有没有|是否|试试|可以(?:试|尝试)|建议|请|应该|如果|是不是|会不会|ください|でしょうか|試して(?:み(?:て|る)|ください)|たら|してみ|해 ?보|시도|\b(?:versuch(?:e|en Sie)|probier|könnte|sollte|würde|vielleicht|wenn Sie|essayez|peut-être|pourrait|devrait|avez-vous|prueba|intenta|quizás|podría|debería|tente|talvez|poderia|deveria|попробуйте|может быть|возможно|стоит|можно)\b",
)


NAMED = bits(_TRIALS.values())
"""Signs of a trial."""


@lru_cache(maxsize=256)
def name_trials(text: str) -> list[str]:
    """The trials that a sentence names, whether or not anybody did them; the vaguer words only where no other is."""
    named = [name for name, pattern in _TRIALS.items() if pattern.search(text)]
    sure = [name for name in named if name not in _VAGUE and not (name == "process_ended" and "load_stopped" in named)]
    return sure or named


def text_of_trial(name: str, names: list[str], text: str) -> str:
    """Of a sentence that names several trials, the part from one's name to the next one's."""
    starts = sorted(match.start() for other in names if (match := _TRIALS[other].search(text)))
    own = _TRIALS[name].search(text)
    if len(starts) < 2 or own is None:
        return text
    return text[own.start() : min((start for start in starts if start > own.start()), default=len(text))]


def suggests(text: str) -> bool:
    """It advises, asks, plans or explains; nobody did it yet."""
    return _SUGGESTS.search(text) is not None or text.rstrip(" )\"'").endswith(("?", "？"))


def read_outcome(text: str, *, once: bool) -> Outcome | None:
    """What came of it by the words. once: it was done once, so that `stays` says that nothing fell."""
    if _ROSE.search(text):
        return "rose"
    if _SAME.search(text) and not _ENDED.search(text):
        return "same"
    if _FELL.search(text):
        return "fell"
    return ("same" if once else "fell") if _STAYS.search(text) else None


_AFTERWARDS = any_of(
    r"\b(?:after|with|when|once|calling|setting|running|disabl\w+|using|switch\w*|chang\w*|add(?:ing|ed)|call|nach|mit|après|avec|tras|con|após|com|после|с)\b|后|後|调用|设置|使用|换|改|[:(]|→",
)


def tells_trial(text: str) -> bool:
    """A sentence that may tell what was measured after an intervention, not only the end of a process or of load."""
    if not signs(text) & NAMED:
        return False
    named = [name for name in name_trials(text) if name not in ("load_stopped", "feature_off", "memory_limit")]
    return bool(named) and _AFTERWARDS.search(text) is not None
