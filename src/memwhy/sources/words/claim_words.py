"""The words by which people say what memory does, what a program is and what it keeps, in ten languages."""

import re

from memwhy.sources.words.wording import Wording
from memwhy.sources.words.wording import any_of as _any

GROWS = _any(
    r"\b(?:rais(?:es|ing|ed) (?:to|from|up|drastically|dramatically|constantly|continuously|slowly|steadily|rapidly|over time|until)|grow(?:s|ing|n)?|grew|rises|rising|rose|climb(?:s|ing|ed)?|increas(?:es|ing|ed|e)|creep(?:s|ing)?(?: up)?|crept|balloon(?:s|ing|ed)?|swell(?:s|ing)?|accumulat(?:es|ing|e)|pil(?:es|ing) up|go(?:es|ing|ne)? up|went up|(?:sky)?rocket(?:s|ed|ing)?\b|fill(?:s|ing) up|fills more|skyrocket\w*|explod\w+|shoots? up|build(?:s|ing)? up|eat(?:s|ing) up (?:all|the rest)|(?:eats?|eating|takes?|taking|uses|using|fills?|filling) (?:up )?(?:all )?(?:of )?(?:the |our |my )(?:free|available|remaining) (?:memory|ram)|trend(?:s|ing|ed)? up(?:wards?)?|creep(?:s|ing)? up|ratchet(?:s|ing|ed)?(?: up)?|inflat(?:es|ing)|bloat(?:s|ing)|(?:gets?|getting|becom(?:es|ing)|grows?|is) (?:ever |always |constantly |slowly |steadily |much |just )?(?:bigger|larger|higher)(?! than)|on the rise|upwards? trend|(?:us(?:es|ing|ed?)|consum(?:es|ing|ed?)|tak(?:es?|ing)(?: up)?|eat(?:s|ing)?(?: up)?|need(?:s|ing)?|allocat(?:es?|ing)|requir(?:es|ing)) (?:more and more|ever more|(?:increasingly|progressively) more|increasing(?:ly)? (?:amounts?|large|much)|more(?= (?:memory|ram)(?! than)))|(?:continu(?:es?|ing)|keeps?) (?:on )?(?:to )?(?:consum\w+|eat\w*|us(?:e|ing)|tak(?:e|ing)|allocat\w+|gobbl\w+) (?:up )?(?:memory|ram)|(?:slow|steady|constant|continuous|linear|gradual|same|monotonic|unlimited|permanent)(?:ly)? (?:growth|increase|rise|climb|creep)|from \+\d.{0,40}?\bto \+\d+|leak(?:s|ing)|(?:seems?|appears?|starts?|begins?|continues?|tends?|found|known) to (?:slowly |steadily |constantly )?(?:leak|rise|climb)|unbounded|without bound)\b",
    r"(?:持续|一直|不断|缓慢|逐渐|单调|慢慢|越来越)(?:地|都)?在?(?:增长|上涨|上升|增加|变大|涨|升高|飙升|高|多|大)|增长|上涨|上升|攀升|变大|升高|只增不减|涨到|飙升|増え続け|増加し続け|増えて(?:い|行)|上がり続け|右肩上がり|増大|계속 ?(?:증가|늘|커|올라)|증가(?:하고|한다|합니다|함)|늘어나",
    r"\b(?:steigt|steigen|stieg|wächst|wachsen|wuchs|nimmt (?:\w+ )?zu|läuft voll|augmente\w*|croît|grimpe\w*|monte\w*|gonfle\w*|crece\w*|aumenta\w*|sube|suben|subiendo|creciendo|cresce\w*|sobe\w*|crescendo|subindo)\b|раст[её]т|растут|увеличива\w+|вырос\w*|вырастает|растущ\w+|раздува\w+|разраста\w+|(?:постоянн|непрерывн|медленн|линейн|бесконтрольн)\w+ рост|теч[её]т|утека\w+|ползёт вверх",
)
DOES_NOT_GROW = _any(
    r"\b(?:not|n't|never|no longer|without|nor|neither|stops?|stopped|hardly|barely)\b.{0,20}?\b(?:grow\w*|increas\w*|ris(?:e|es|ing)|climb\w*|(?<!\ba )leak\w*|chang\w*|go(?:es|ing)? up|accumulat\w*)|n't (?:\w+ )?(?:grow|increase|rise|climb|leak|change|go up)|\bno (?:\w+ )?(?:growth|increase|leaks?|change|accumulation)\b|\bzero growth\b",
    r"(?:没有|没|不再|未见|并不|不|并未|未)(?:明显)?(?:增长|上涨|上升|增加|变化|泄漏|泄露|涨)|増え(?:ない|ま|て(?:い)?ない)|変わ(?:らない|っていない)|증가하지|늘지|변화(?:가)? ?없",
    r"\b(?:wächst|steigt|ändert sich|leckt) (?:\w+ )?nicht|n(?:e|')\s?(?:augmente|croît|grimpe|monte|change|bouge) (?:pas|plus|jamais)|\bno (?:crece|aumenta|sube|cambia)\b|\bnão (?:cresce|aumenta|sobe|muda)\b|не (?:раст[её]т|растут|увеличива\w+|меня\w+|измен\w+|утека\w+)",
)
FLAT = _any(
    r"\b(?:stays?|stayed|remain(?:s|ed|ing)?|keeps?|kept|is|are|was|were|looks?|holds?|sits?|hovers?|being)\b (?:\w+ ){0,2}?(?:flat|constant|stable|steady|unchanged|the same|low|fine|(?<!back to )normal|small|tiny|healthy|immovable)\b|\bflat(?: line)?\b(?! file)|\b(?:stable|constant|steady)\b(?! increase| growth| rise| climb|ly| (?:\w+ )?(?:pace|rate|speed))|\b(?:stays?|remain(?:s|ed)?|stayed|hovers?) (?:at|around|below|under|within|between|about)\b|\bthroughout\b|\bthe whole time\b",
    r"(?:保持|一直|始终|很|比较|基本)?(?:稳定|平稳|不变|正常)|维持在|保持在|一定(?:の|で)|横ばい|安定|일정|안정|그대로",
    r"\bbleib(?:t|en) (?:\w+ )?(?:stabil|konstant|gleich|flach|bei|niedrig|unverändert)|\breste(?:nt)? (?:\w+ )?(?:stable|constant\w*|plat\w*|à)|\b(?:se mantiene|permanece|sigue|está) (?:\w+ )?(?:estable|constante|en|igual)|\b(?:fica|permanece|mantém-se|está) (?:\w+ )?(?:estável|constante|em)|стабил\w+|оста[её]тся (?:\w+ )?(?:на|прежн\w+|постоянн\w+|стабильн\w+)|не меняется",
)
PLATEAU = _any(
    r"\bplateau\w*|\blevels? (?:off|out)|\bstabili[sz](?:es|ed|ing)|\bsaturat\w+|\bflattens? out|\bthen (?:stays|remains|stops)|\bsettl(?:es?|ed|ing) (?:back )?(?:at|around|down|to|in)\b|\bfluctuat\w+ (?:between|around|within)\b|\b(?:stays?|stayed|remain(?:s|ed)?|sits|sat) (?:about |around |right |just )?(?:there|like that|at that (?:level|size))\b",
    r"趋于稳定|之后(?:就)?(?:稳定|不再)|最终稳定|不再(?:增长|上涨)|頭打ち|落ち着|안정화|\bstabilisiert sich|\bse stabilise|\bse estabiliza|\bestabiliza|стабилизиру\w+|выходит на плато",
)
THEN = _any(
    r"\b(?:then|until|till|before|after (?:that|which)|eventually|finally|and)\b,? (?:(?:it|that|memory|usage|rss|the \w+) )?(?:\w+ ){0,2}?(?:plateau|level|stabili[sz]|saturat|flatten|settl|stays|stayed|remain|sits)",
    r"之后|最终|然后",
)
"""First the rise, then the rest of it."""
NO_PLATEAU = _any(
    r"\b(?:no|not|n't|never|without|nor|hardly)\b (?:[\w-]+ ){0,5}?(?:plateau\w*|level(?:s|l?ing|l?ed)? (?:off|out)|flatten(?:s|ing|ed)? out|stabili[sz]\w+|saturat\w+|settl(?:es?|ed|ing)\b)|n't (?:\w+ ){0,2}?(?:plateau|level (?:off|out)|flatten out|stabili[sz]e|saturate|settle)\b",
    r"(?:没有|不|从不|未)(?:见)?(?:趋于|会|再)?(?:稳定|收敛)|頭打ちに(?:なら|なり ?ま(?:せ))|落ち着か|\bstabilisiert sich (?:\w+ )?nicht|\bne se stabilise (?:pas|jamais)|\b(?:no|nunca) se estabiliza|\b(?:não|nunca) (?:se )?estabiliza|не (?:стабилизиру\w+|выходит на плато)",
)
"""It goes on, for it would stop otherwise."""
MORE_AND_MORE = _any(
    r"\bcorrelat\w+ (?:\w+ )?(?:with|to)\b|\b(?:(?:strong|clear|direct|high|close) )correlation (?:between|with)\b|\b(?:in lock ?step|hand in hand|in step|in parallel|in tandem|in sync|proportional(?:ly)?|one[- ]to[- ]one|1:1) (?:with|to)\b|\b(?:match\w*|mirror\w*|track\w*|follow\w*) (?:exactly |closely |perfectly )?(?:the |that of |its |our )?(?:[\w.-]+ ){0,3}?(?:memory|ram|rss|heap|growth|goroutines?|threads?)\b",
    r"与.{0,12}(?:成正比|正相关|同步增长)|(?:と|に)(?:比例|連動)し|비례하|korreliert \w*|proportional zu|corr[eé]l[eé]\w* (?:avec|con)|correlaciona|коррелиру\w+|пропорциональн\w+",
)
"""Two things go together."""
NOT_TOGETHER = _any(
    r"\b(?:no|not|n't|never|neither|without|un|hardly)\b.{0,24}?(?:correlat|proportional|lock ?step|in step|in parallel|track|follow|match|mirror)|\buncorrelated\b"
)
NEVER_FALLS = _any(
    r"\b(?:not|n't|never|without ever|doesn't|won't)\b.{0,24}?\b(?:com(?:e|es|ing) (?:back )?down|go(?:es|ing)? (?:back )?down|drop\w*|decreas\w*|shrink\w*|fall(?:s|ing)?|freed|free|releas\w+|return\w*|reclaim\w*|giv\w+ (?:it |memory )?back|recover\w*|given back|get(?:s)? (?:freed|released|returned))\b",
    r"(?:不|没有|没|未|并不|并没有)(?:会|被|再)?(?:下降|释放|回落|降|回收|归还|还给)|解放され(?:ない|ま|て(?:い)?ない)|減ら(?:ない|な)|下がら|戻ら(?:ない|な)|줄지 ?않|반환되지|해제되지|\b(?:sinkt|fällt|schrumpft) (?:\w+ )?nicht|nicht (?:wieder )?(?:freigegeben|zurückgegeben)|n(?:e|')\s?(?:descend|diminue|baisse|redescend) (?:pas|jamais|plus)|\b(?:no|nunca) (?:baja|disminuye|se libera)|\bnunca (?:cai|desce|diminui)|\bnão (?:diminui|cai|desce|é liberad\w)|не (?:пада\w+|снижа\w+|уменьша\w+|освобожда\w+|возвраща\w+)",
)
FALLS = _any(
    r"\b(?:drops? (?:back|(?:down )?to)|dropped (?:down )?to|falls? (?:back|(?:down )?to)|fell (?:back|(?:down )?to)|goes (?:back )?down|comes (?:back )?down|returns? to (?:the )?(?:baseline|normal)|is (?:eventually |later |then )?(?:released|freed|reclaimed) (?:after|again|later|by itself)|recovers|decreases again|shrinks (?:again|back))\b",
    r"会(?:自动)?(?:下降|回落|释放|降下来)|自动(?:下降|回落|释放)|(?:元に|また)戻る|다시 ?(?:줄어|내려)|sinkt wieder|fällt wieder|redescend|vuelve a bajar|baja de nuevo|volta a cair|снова (?:пада|снижа)\w+",
)
UNREAL = _any(
    r"\b(?:should|shouldn't|would|could|might|may|must|expect\w*|if|whether|want\w*|hop(?:e|ing)|suppos\w+|ideally|can (?:grow|rise|increase|go)|(?<!eventually )(?<!eventually it )will(?! (?:\w+ )?(?:eventually|slowly|gradually|steadily|keep|continue|constantly|only|just keep)\b)|unless|suspect\w*|guess|think|assum\w+|prevent\w*|avoid\w*|in case|test(?:s|ed)? (?:if|whether|that))\b",
    r"应该|期望|希望|如果|是否|可能|会不会|怀疑|避免|防止|べき|はず|もし|かもしれ|해야|만약|예상|\b(?:sollte|müsste|würde|könnte|wenn|ob|vermut\w+|devrait|pourrait|si|peut-être|debería|podría|espero|deveria|poderia|se(?! (?:mantiene|mantém|mantem|queda|estabiliza|libera|reinicia|repite|ve|vê|detiene|mueve|incrementa|dispara)))\b|должн\w+|если|возможно|может|ожида\w+",
)
ASIDE = re.compile(
    r"\s*(?:\(|\b(?:and|which|as|so|than|how|like)\b)[^()]{0,80}?\b(?:should|shouldn't|would|could|might|may|must|expect\w*|suppos\w+|guess|think|assum\w+|suspect\w*|avoid\w*|prevent\w*|want\w*|hop(?:e|ing))\b.{0,200}$",
    re.IGNORECASE,
)
"""What follows a statement and is none: `it rises, which it should`, `it grows more than it should`."""
NO_SUBJECT = re.compile(
    r"(?:caused by|\bnot (?:in|from|by)|\boutside(?: of)?|\bthan|\bexceed(?:s|ing|ed)?|\bversus|\bvs\.?|\bcompared (?:to|with)|\bunlike|\bdue to|\bbecause of|\bmatch(?:es|ing))\s+(?:the |its |our |any )?$",
    re.IGNORECASE,
)
"""The name that follows is not what rises or stays."""
IT_GROWS = re.compile(
    rf"\b(?:it(?:'s| is| was| just| keeps| still)*|they(?:'re| are| were| keep| still)*) (?:still |just |only |constantly |slowly |steadily |now |always ){{0,2}}(?:{GROWS.pattern})",
    re.IGNORECASE,
)
KEEPERS = _any(
    r"\b(?:g?libc|malloc|pymalloc|ptmalloc|allocators?|runtime|gc|garbage collector|jvm|v8|kernel|os|python|go|node|ruby|java)\b.{0,24}?(?:\bnever\b|\bnot\b|n't)|\b(?:does|do|did|will)(?:n't| not) (?:\w+ )?stop\b"
)
"""Whose keeping is no forgotten release of the program's."""
IDLE = _any(
    r"(?<!% )\b(?:is|are|was|were|sits?|sitting|stays?|left|running|being|completely|mostly|totally|while|when|even|fully|at) (?:\w+ )?idle\b(?! (?:heap|conn|timeout|go|thread|-|pages|spans|worker))|\bidl(?:es|ing)\b|\b(?:do(?:es|ing)?|did) (?:absolutely |basically |almost )?nothing\b|\bnothing (?:else )?(?:is )?(?:happening|going on|uses)|\b(?:no|without(?: any)?|zero) (?:\w+ )?(?:load|traffic|requests?|calls?|users?|clients|activity|queries|jobs? (?:were |was |are |is )?running)\b|\bno ?(?:one|body) (?:is )?(?:us|access|connect)\w+|\bnot (?:being )?(?:used|doing anything)\b|\bunused\b (?:service|server|instance|process)",
    r"空闲(?:时|状态|的时候|下)|没有(?:任何)?(?:请求|流量|负载|访问|操作)|什么(?:都|也)(?:没做|不做)|无(?:请求|流量|负载)|アイドル(?:状態|時|中)|何も(?:して|し)(?:い)?ない|유휴|아무것도 ?(?:안|하지)|\b(?:im Leerlauf|ohne (?:Last|Anfragen|Traffic)|untätig|au repos|sans (?:charge|trafic|requêtes|activité)|inacti[fv]\w*|en reposo|sin (?:carga|tráfico|actividad|peticiones)|ocios[oa]|sem (?:carga|tráfego|requisições|atividade))\b|в простое|без нагрузки|ничего не дела\w+|простаива\w+|нет (?:запросов|нагрузки)",
)
OOM = _any(
    r"\bOOM(?:[- ]?Kill(?:ed|er|s|ing)?)?(?:'d|ed|s)?\b|\bout[- ]of[- ]memory\b|\bexit(?:ed|s)?(?: with)?(?: code| status)?:? ?\(?137\b|\bkilled by the (?:kernel|oom)|\bkernel (?:kills|killed)\b|\b(?:runs?|ran|running) out of (?:memory|ram)|\bCannot allocate memory\b|内存(?:溢出|耗尽)|被(?:系统|内核)?(?:杀死|杀掉|kill)|メモリ不足|메모리 ?부족|nicht genügend (?:Arbeitss|S)peicher|mémoire insuffisante|sin memoria|sem memória|нехватк\w+ памяти|закончилась память",
)
NO_OOM = _any(
    r"\b(?:no|not|never|without|avoid\w*|prevent\w*|before|protect\w*|n't|zero|nor)\b.{0,16}?(?:OOM|out[- ]of[- ]memory|killed)|(?<![\d.,])0 (?:\w+ ){0,2}?(?:OOM|out[- ]of[- ]memory)|\b(?:no|without|zero)\b.{0,30}?[/ ](?:OOM|out[- ]of[- ]memory|killed)|OOM\S{0,12} ?\S{0,6} ?없|没有 ?OOM|不会 ?OOM|避免 ?OOM|oom[_-]?score|oom_adj|\b(?:worr\w+|afraid|fear\w*|risk\w*|danger) .{0,16}?(?:OOM|out[- ]of[- ]memory)|担心.{0,6}OOM|(?:wasm|WebAssembly).{0,40}out of memory|out of memory: wasm"
)
MISACCOUNTED = _any(
    r"\b(?:counted|counts?|accounted|added|included) (?:\w+ ){0,3}?(?:twice|double|several times|multiple times|more than once|again|in both|in two)|\bdouble[- ]count\w*|\bcounted in (?:both|each|every)|重复(?:计算|统计)|算了两(?:次|遍)|二重(?:に)?(?:計上|カウント)|doppelt gezählt|comptée? deux fois|contad[oa]s? dos veces|contad[oa]s? duas vezes|дважды|посчитан\w* несколько раз",
)
_STORED = r"(?:files?|segments?|databases?|datastore|store|blocks?|journals?|index(?:es)?|shards?|sst(?:able)?s?|wal|value logs?|tables?|data)"
MAPPED = _any(
    rf"\bmmap(?:s|ed|ped|'?d|ing)? (?:\w+ ){{0,3}}?{_STORED}\b|\bmemory[- ]?map(?:s|ped|ping)? (?:\w+ ){{0,3}}?{_STORED}\b|\b{_STORED} (?:\w+ ){{0,3}}?(?:memory[- ]?mapped|mmap(?:ed|ped|'?d))\b|\bmmap(?:ed|ped|'?d) (?:\w+ ){{1,2}}?memory\b|\b\w{{0,20}}open_mmap\b"
    r"|\b(?:lmdb|boltdb|bbolt) (?:\w+ ){0,3}?(?:maps?|mapped|mmaps?)\b|内存映射文件|文件映射|メモリマップ(?:ド)?ファイル|메모리 ?맵 ?파일|speicherabgebildete Datei\w*|fichiers? mapp\w+ en mémoire|отображ\w+ файл\w*",
)
NOT_MAPPED = _any(r"\b(?:not|n't|no|without|never|disabl\w+|instead of|rather than)\b.{0,24}?(?:mmap|memory[- ]?map)")
SAWTOOTH = _any(
    r"\bsaw[- ]?(?:tooth|teeth)\w*|\bzig[- ]?zag\w*|\b(?:is|looks? like|like) a comb\b|\b(?:goes|going|went|moves?|up) up and down\b|\bups and downs\b|\boscillat\w+|\bpeaks? and troughs?\b|\btroughs? and peaks?\b|\btroughs?\b.{0,40}?\bpeaks?\b"
    r"|\b(?:rises?|grows?|climbs?|goes up|up)\b.{0,60}?\b(?:drops?|falls?|comes?|goes|straight|back) (?:back )?(?:down )?(?:to )?.{0,30}?\b(?:again and again|over and over|all day|repeatedly|in cycles|every (?:\w+ )?(?:minutes?|hours?|seconds?))\b",
    r"锯齿|上下(?:波动|浮动)|のこぎり|ノコギリ|톱니|\bSägezahn\w*|\bauf und ab\b|\ben dents? de scie|\bdientes? de sierra|\bdente de serra|пилообразн\w+|\bпилой\b|вверх[- ]вниз",
)
CUMULATIVE = _any(
    r"\bTotalAlloc\b|\btotal_alloc\w*|\b(?:allocated|allocations?|alloc\w*) (?:\w+ )?(?:in total|since (?:the |its )?(?:start|boot|beginning|launch)\w*|over (?:its|the) (?:whole |entire )?(?:life|run)\w*|altogether)\b|\b(?:sum|total) (?:of all allocations |allocated )?since (?:the |its )?(?:start|beginning|launch)\b",
    r"累计(?:分配|申请)|累積(?:の)?(?:割り当て|確保)|누적 ?할당|\binsgesamt (?:alloziert|angefordert|allokiert)|\balloué\w* (?:au total|depuis)|\basignad\w+ en total|\balocad\w+ (?:no total|desde)|(?:всего|суммарно) выделен\w*|выделен\w* (?:всего|с момента)",
)
NO_CGO = _any(
    r"\bCGO_ENABLED ?= ?0\b|\b(?:no|without|free of|not us(?:e|ing)|doesn't use|does not use) (?:any )?cgo\b|\bcgo (?:is )?(?:disabled|off|not used)\b|\bpure[- ]Go\b|\bno native (?:code|libraries|library|extensions?|modules?|add-?ons?|dependencies)\b|\bpure[- ](?:Python|Java|JavaScript|JS)\b|\bno (?:C|JNI|C\+\+) (?:code|extensions?|libraries|bindings)\b",
    r"纯 ?Go|(?:没有?|不|未)(?:用|使用|启用)?(?:到)? ?cgo|cgo ?(?:を使|なし)|\b(?:ohne|sans|sin|sem|kein|без) cgo\b|\breines Go\b|чист\w+ Go\b",
)
INSTEAD = _any(r"\b(?:switch\w*|replac\w+|instead|alternative|mov(?:ed|ing) to|rewr\w+|port(?:ed|ing))\b|换成|改用")
HELD = _any(
    r"\b(?:by design|on purpose|intentional(?:ly)?|deliberate(?:ly)?|(?:works?|working) as (?:intended|designed)|intended behaviou?r|block[ _-]cache|buffer[ _-]?pool|shared_buffers|innodb_buffer_pool\w*|memtables?|write buffers?|page pool|(?:\w{1,20}_)?cache_size|sort_buffer\w*)\b|(?<!\w)--?(?:\w{1,20}-){0,3}cache(?:-size|-capacity|-mb)?[= ]\.?\d|设计如此|有意(?:为之|保留)|仕様(?:です|通り|どおり)|absichtlich|volontaire\w*|a propósito|de propósito|намеренно|by-design",
)
NOT_HELD = _any(
    r"\b(?:not|n't|no|disabl\w+|without|zero|never)\b.{0,20}?(?:by design|on purpose|intentional|deliberate|cache|buffer)|非(?:有意|设计)|не намеренно"
)
_RELEASE = r"(?:clos(?:e[sd]?|ing)|free[ds]?|freeing|releas(?:e[sd]?|ing)|unref\w*|destroy\w*|dispos\w+|delet\w+|stopped|stop(?:s|ping)?|cancel\w*|unsubscrib\w+|deregister\w*|unregister\w*|unmap\w*|munmap\w*|decref\w*|finali[sz]\w+|drained?|shut ?down|joined|reaped|detached)"
UNRELEASED = _any(
    rf"\b(?:never|not|n't|forg[eo]t(?:s|ten)? to|miss(?:es|ing)|fail(?:s|ed|ing)? to|without(?: ever)?|nobody|no one|neglect\w* to|omits?|lacks?)\b (?:\w+ ){{0,3}}?(?:being |been |calling |a |the |call to |to )?(?:\w+[.:(])?{_RELEASE}\b",
    rf"\b(?:\w{{0,20}}(?i:close|free|release|unref|destroy|dispose|delete|cleanup|shutdown|finalize)\w{{0,12}}(?:\(\))?|\w{{1,30}}\(\)) (?:is|are|was|were) (?:never|not) (?:being )?(?:called|invoked|run)\b|\b(?:is|are|was|were) (?:never|not) (?:being )?{_RELEASE}\b|n't (?:being |been |properly |get |call )?{_RELEASE}\b|\b(?:retained|referenced|ref'd|allocated|incref'd) twice\b|\b(?:extra|second|additional) (?:retain|ref|incref|addref)\b|\bfinali[sz]ers? (?:never|not|do(?:es)? not|doesn't|don't)|\bone (?:release|free|unref|close) (?:is )?(?:too few|missing)|\bmissing (?:a )?(?:call to )?(?:free|close|release|unref|cancel)\b",
    r"(?:没有|没|未|忘记|忘了|从未|未被)(?:正确|及时|主动|被|调用)?(?:关闭|释放|close|free|release|销毁|取消|回收)|少(?:了)?(?:一次|一个)?(?:free|close|release|释放)|(?:閉じ|クローズ|解放|close|free)(?:られ|され|し)?(?:て)?(?:い)?(?:ない|忘れ)|해제하지|닫지 ?않|닫히지",
    r"\bnicht (?:\w+ )?(?:geschlossen|freigegeben|beendet)|(?:pas|jamais) (?:\w+ )?(?:fermée?s?|libérée?s?)|\bno se (?:cierran?|liberan?)|\bsin (?:cerrar|liberar)|\bnão (?:é|são|foi|foram) (?:fechad|liberad)\w+|\bnunca (?:\w+ )?(?:fechad|liberad|cerrad)\w+|не (?:закрыва\w+|закрыт\w*|освобожда\w+|освобожд[её]н\w*)",
)
HIGH = _any(
    r"\b(?:high|huge|large|big|enormous|insane\w*|too much|crazy|massive|excessive|abnormal)\b|高|大|过大|異常|hoch|élevée?|alt[oa]|больш\w+|высок\w+"
)

RUNTIMES: tuple[tuple[str, Wording], ...] = (
    ("go", _any(r"\b[Gg]olang\b|\bGo ?1\.\d+|\bgo1\.\d+|\(Go\)|\bGo \(|^Go (?!to\b|through\b|on\b|back\b|ahead\b|for\b|and\b)[a-z]|\bGo (?:service|program|app\w*|process|binary|runtime|server|code|heap|version|module|daemon|exporter|client|library)\b|\bin Go\b|\b[Gg]oroutines?\b|\bMemStats\b|协程|\bGOGC\b|\bGOMEMLIMIT\b|\bGODEBUG\b", case=True)),
    ("cpython", _any(r"\bC?Python(?! ?API)\b|\basyncio\b|\bFastAPI\b|\bDjango\b|\bFlask\b|\buvicorn\b|\bgunicorn\b|\b[Cc]elery\b|\bpandas\b|\bnumpy\b|\bPyTorch\b|\baiohttp\b|\btracemalloc\b|\bJupyter\b|\buWSGI\b|\bpython3? (?:app\w*|service|process|script|program|server|code|worker|interpreter|3\.\d+)|\bpy_heap\b", case=True)),
    ("jvm", _any(r"\bJava\b(?!Script)|\bJVM\b|\bSpring(?: Boot|Boot)\b|\bTomcat\b|\bJetty\b|\bElasticsearch\b|\bCassandra\b|\bKotlin\b|\bHotSpot\b|\bOpenJDK\b|\bjava -|\bJDK ?\d+|\bXmx|\bG1GC\b|\bQuarkus\b|\bWildFly\b|\bKeycloak\b|\bmetaspace\b|\bMicronaut\b|\bFlink\b|\bHadoop\b", case=True)),
    ("node", _any(r"\bNode(?:\.js|JS)\b|\bnode ?v?\d+\.\d+|\bnodejs\b|\bExpress(?:\.js|JS)?(?= (?:app|server|service|API|\d)|\.js|JS|[,;).]|$)|\bNestJS\b|\bNext\.js\b|\bV8\b|\bheapUsed\b|\bio\.js\b|\bKoa\b|\bFastify\b|\bmemoryUsage\(\)", case=True)),
    ("ruby", _any(r"\bRuby\b|\bRails\b|\bSidekiq\b|\bPuma\b|\bUnicorn\b", case=True)),
    ("dotnet", _any(r"(?<!\w)(?:ASP)?\.NET\b|\bdotnet\b|\bKestrel\b|(?<!\w)C#|\bCoreCLR\b|\bBlazor\b|\bEntity Framework\b", case=True)),
    ("rust", _any(r"\bRust\b|\btokio\b|\bactix\b|\baxum\b|\brustc\b", case=True)),
    ("native", _any(r"(?<!\w)C\+\+(?:\d\d)?(?= (?:service|program|app\w*|server|daemon|process|code|binary|library|extension)|[,;).]|$)|\bwritten in C\b(?!\+|#)|\bC (?:program|daemon|server|process)\b|\(C\)", case=True)),
)  # fmt: skip
PLATFORMS: tuple[tuple[str, Wording], ...] = (
    ("linux", _any(r"\b(?:Linux|Ubuntu|Debian|CentOS|RHEL|Red Hat|Fedora|Arch Linux|Alpine|openSUSE|Amazon Linux|Raspbian|linux/amd64|linux/arm64)\b")),
    ("macos", _any(r"\b(?:macOS|Mac OS X|OS X|OSX|darwin|MacBook)\b")),
    ("windows", _any(r"\bWindows(?: (?:10|11|7|8|Server|NT)\b|\b)|\bwin(?:32|64)\b|\bTask Manager\b", case=True)),
    ("freebsd", _any(r"\bFreeBSD\b")),
)  # fmt: skip
MUSL = _any(r"\bAlpine\b|\bmusl\b")
GLIBC = _any(r"\bglibc\b")
NOT_BEFORE = re.compile(
    r"(?:(?:\bnot|\bno|n't|\binstead of|\brather than|\bnever|\bbut not|\bexcept|\bunlike|\bwithout|\bexclud\w+|\bminus|\bignor\w+|\bnicht|\bstatt|\bpas|\bnão|\bне|\bвместо)\b"
    r"|而非|不是|而不是|非|ではなく|아니라)\s*(?:\w+\s+)?$",
    re.IGNORECASE,
)
THROUGHPUT = _any(r"\b(?:throughput|traffic|bandwidth|network|disk|logs?|upload\w*|download\w*|data|messages?|writes?|reads?|ingest\w*|requests?|transfer\w*|backups?|allocat\w+|i/o)\b|流量|带宽|日志|磁盘|trafic|tráfico|трафик\w*")  # fmt: skip
