"""Cues: the words beside a figure that say what it is, in ten languages: wishes, bounds, changes, verbs of use, hosts."""

import re

from memwhy.sources.words.sentences import M, N, Q
from memwhy.sources.words.vocabulary import Noun
from memwhy.sources.words.wording import any_of

WISH = any_of(
    r"\b(?:should|shouldn't|must|would|could|might|may|expect\w*|supposed|ideally|hop(?:e|ing)|target\w*(?! (?:host|machine|system|device|server|box|node|process|board)s?\b)|budget|lets? (?:the |a |it )?(?:\w+ )?(?:reach|grow|use|take)|goal|plan(?:ned|s)?|estimat\w+|theor\w+|assum\w+|imagine|suppose|guarantee\w*)\b",
    r"\b(?:configured|defaults?|threshold|alert\w*|reserv\w+|recommend\w*|requires?|need(?:s|ed)?|minimum|capped|cap)\b",
    r"\b(?:soll|sollte|sollten|müsste|dürfte|erwart\w+|devrait|devraient|attend\w*|debería|deveria|esper\w+|должн\w+|ожида\w+|хотелось|конфигур\w+)\b",
    r"应该|應該|期望|预期|希望|理论上|预计|べき|はず|期待|想定|해야|예상|기대",
)
LESS = re.compile(
    r"(?:less than|fewer than|lower than|smaller than|below|under|at most|no more than|not more than|maximum of|max\.?|within|unter|weniger als|höchstens|maximal|moins de|au plus|menos de"
    r"|como máximo|no máximo|меньше|менее|не более|не больше|максимум|不到|低于|小于|最多|不超过|少于|以内)\s*$",
    re.IGNORECASE,
)
LESS_AFTER = re.compile(
    r"^\s*(?:以下|以内|未満|이하|미만|at most|max(?:imum)?\b|or less|or below|free\b|or so\?)", re.IGNORECASE
)
ALLOWED = re.compile(
    r"^[^,;.(]{0,30}?\b(?:allowed|permitted|allotted|configured|provisioned|zulässig|erlaubt)\b", re.IGNORECASE
)
"""`65000 file descriptors allowed`: a bound."""
NOT = any_of(
    r"\b(?:not|never|cannot|nor|nicht|kein\w*|nie|ne|jamais|nunca|não|не|ни)\b|n't\b",
    r"没有|沒有|不(?!断|停|同)|未|않|없",
)
BY = re.compile(
    r"(?:\bby|\bum|\bde plus de|(?:crec|aument|sub|increment|cresc|baj|redu|ca[ei]|disminu|diminu)\w{0,8}\s+(?:en|em)|(?:вырос|раст|увелич|прибав)\w{0,8}\s+на|增加了?|增长了|涨了|多了|another|additional|extra|plus|further|zusätzlich\w*|weitere|delta|difference of|leak(?:s|ed|ing)?|grow(?:s|ing)?|increas(?:e|es|ed|ing)(?: of)?|ris(?:es|e|ing)|grew|grown|rose|risen|climbed|crept up|went up|goes? up|fell|shrank|dropped|gain(?:s|ed)?|free[ds]?|freeing|sav(?:es|ed|ing)|lost|los(?:es|ing)|wächst|steigt)\s*(?:about|around|roughly|~|约|etwa|ca\.)?\s*$",
    re.IGNORECASE,
)
EACH = re.compile(r"^\s*(?:per\b|each\b|every\b|/ ?(?:req|conn|call|s\b|core|thread|pod|user)|a piece|pro\b|par\b|por\b|на каждый|每个|每次|ずつ|씩|more\b|larger|bigger|higher|less\b|growth|increase|leak(?:ed|s)?\b|mehr\b|de plus|más\b|mais\b|больше)", re.IGNORECASE)  # fmt: skip
WORK = any_of(
    r"\b(?:allocat\w+|mallocs?|download\w*|upload\w*|files?|images?|videos?|datasets?|dump|payloads?|messages?|records?|rows|documents?|body|bodies|packets?|requests?|tables?|database|disk|ssd|hdd|storage|partition|traffic|bandwidth|throughput|chunks?|pages of|buffer of|array|dataframe|csv|parquet|logs?|model|input|output|import\w*|insert\w*|sends?|sent|sending|writes?|writing|transfer\w*|index(?:es)? of)\b",
    r"\b(?:Dateien?|Datenbank|Festplatte|fichiers?|base de données|archivos?|arquivos?|disco|файл\w*|баз\w данных|диск\w*)\b|文件(?!描述|句柄)|数据库|磁盘|硬盘|图片|视频|请求|ファイル(?!ディ)|파일(?! ?디)",
)
DOES = any_of(
    r"\b(?:us(?:es|ed|ing|e|age)|claims|hogs|consum\w+|tak(?:es|ing|en|e)|took|eat(?:s|ing)?|ate|occup\w+|hold(?:s|ing)?|held|sit(?:s|ting)?|stays?|stayed|remain\w*|gr[oe]w(?:s|n|ing)?|r[io]s(?:es?|ing|en)|climb\w*|reach\w*|increas\w+|jump\w*|balloon\w*|go(?:es|ing)?|went|gone|hit(?:s|ting)?|spik\w+|creep\w*|crept|peak\w*|drop\w*|fall\w*|fell|hover\w*|report\w*|show(?:s|n|ed|ing)?|see(?:s|ing)?|saw|leak\w*|resident|swell\w*|exceed\w*|cross(?:es|ed)|surpass\w*|utili[sz]\w+|keeps?|explod\w+|bloat\w*|is now|gets?|got|up to|around)\b",
    r"\b(?:belegt|verbraucht?|braucht|nutzt|steigt|stieg|wächst|wuchs|erreicht|liegt|utilise|consomme|occupe|monte|atteint|grimpe|passe|usa|usando|consume|consumo|ocupa\w*|crece|sube|subió|llega|alcanza|utiliza|cresce|sobe|chega|atinge)\b",
    r"занима|использ|потребля|раст[её]т|выраст|вырос|доход|достиг|съеда|жр[её]т|占|使用|用了|用到|达到|達|涨|升|增长|到了|飙|高达|消耗|増え|増|まで|食|사용|차지|증가|늘|도달|까지|먹",
)
IS = re.compile(r"^\s*(?:[:=(~≈]|(?:is|was|are|were|at|of|on|about|around|now|currently|ist|war|bei|von|est|était|es|está|era|é|de|составля\w+|равн\w+|—|-|为|是|有|到|は|が|은|는|이|가)\b|[为是有到はがも은는이가])?\s*(?:[:=~≈(]|about|around|roughly|approximately|only|just|already|now|at|etwa|ca\.?|rund|environ|unos|cerca de|около|примерно|约|大约|约为|只有|仅|约有|約)?\s*$", re.IGNORECASE)  # fmt: skip
STANDS = re.compile(
    r"^(?:\s|[:=~≈(]|\b(?:is|was|are|were|has|have|had|been|keeps?|kept|still|now|currently|already|shows?|showing|showed|shown|reports?|reported|reporting|as|reach(?:es|ed)?|reaching|hits?|hit|at|around|about|over|sit(?:s|ting)?|hover(?:s|ed|ing)?|stay(?:s|ed|ing)?|remain(?:s|ed|ing)?|stuck|approximately|roughly|constantly|always|usually|typically|often|only|just|up|to)\b)*$",
    re.IGNORECASE,
)
"""Only verbs of being and words of about stand between `memory usage` and its figure."""
IT = re.compile(r"(?:it|they|er|sie|es)\b", re.IGNORECASE)
PROFILER = re.compile(
    r"\b(?:pprof|heap ?(?:snap ?shots?|dumps?|profil\w+|analy\w+)|(?:memory )?profiler|tracemalloc|memray|objgraph|dev ?tools|visualvm|jmap|!?eeheap|gc ?dump)\b(?:(?!\bbut\b|\bwhile\b|\bwhereas\b|\brss\b|\btop\b|\bsystem\b|\bprocess\b|\bkubectl\b|\bdocker\b)[^.;]){0,50}$",
    re.IGNORECASE,
)
"""What such a tool says of `memory` is what is allocated on the runtime's heap."""
OF = re.compile(
    r"^\s*\)?\s*(?:(?:consumption |usage )?of|de|d'|von|an|in|の|의|的|worth of|go|в)?\s*(?:the |its )?(?:real, |actual, )?(?:total|real|physical|actual|used|resident|running|open|live|active|blocked|leaked|stuck|waiting|idle|sleeping|leaking|concurrent|unique|distinct|alive|os|go|worker|opened|offene[nr]?|laufende[rn]?|ouverts?|abiert\w+|abert\w+|открыт\w+|запущенн\w+|个|個|条|本の?|개의?|つの?)?\s*(?:\(\s*)?$",
    re.IGNORECASE,
)
BARE_AFTER = re.compile(
    rf"^\s*(?:$|[)\].;,!?:~]|{M}|{N}|→|->|=>|(?:to|up|and|until|by|at|on|in|after|before|when|while|for|running|total|within|right|then|open|live|bis|auf|und|nach|à|après|et|a|y|después|e|depois|до|и|после|через|threads?)\b|[个個条本개つ](?!{Q})|[到降升涨增]|から|まで|に|で|에서|까지|로)"
)
REFERS = re.compile(
    r"\b(?:issues?|pr|pull|ticket|line|version|port|pid|code|step|id|page|chapter|figure|rfc|year)\b|#", re.IGNORECASE
)
UNIT_OF_THINGS = re.compile(
    r"^ (?!(?:long|still|even|again|until|since|throughout|forever|always|right|already|only|but|most|all|although|because|which|that|where|then|so|this|every|here|there|or|as|of|for|in|on|at|to|and|or|after|before|when|while|with|within|during|under|ram|is|was|rss|res|used|now|by|per|from|bis|nach|von|und|mit|de|et|après|en|y|e|depois|до|после|и|за|total|memory|resident|limit)\b)[A-Za-z]{3,}",
    re.IGNORECASE,
)
"""`200K requests`: the letter stands for thousands."""
SETS = re.compile(
    r"\b(?:using|with|over|across|by|via|on|mit|avec|con|com|с|spawn\w*|start(?:s|ed|ing)?|creat\w*|launch\w*|set to|limited to|pool of|max\w*|runs?|use[sd]?|opens?|имеет)\s*(?:about |up to )?$|用\s*$|使用\s*$",
    re.IGNORECASE,
)
WITH = re.compile(r"\b(?:with|and|mit|avec|con|com|с)\s*(?:about |around |some |roughly |over )?$", re.IGNORECASE)
LOAD = any_of(
    r"\b(?:pools?|workers?|cores?|cpus?|vcpus?|concurrency|clients?|config\w*|benchmark|load test|wrk|ab -|-t ?\d|-c ?\d|stress|parallel)\b",
    r"核|并发|压测|ядер|Kerne",
)
HOST = any_of(
    r"\b(?:machine|server|host|vms?|box|laptop|computer|nodes?|system(?= has)|instance|droplet|vps|router|raspberry|ec2|device|board|workstation|Rechner|Maschine|máquina|servidor|serveur|machines?)\b",
    r"机器|服务器|路由器|主机|虚拟机|マシン|サーバ|машин|сервер|хост|서버|머신",
)
HARDWARE = any_of(
    r"\b(?:cores?|v?cpus?|ssd|nvme|xeon|ryzen|intel|amd|arm64|mips\w*|t[234]\.\w+|[mcr]\d\w?\.\w*large|centos|ubuntu|debian|rhel|macos|apple silicon|turion|windows (?:10|11|server)|macbook|ghz)\b",
    r"核|ядер",
)
HOST_WITH = re.compile(
    rf"(?:{HOST.pattern})(?! of\b)[^{Q[1:-1]}{N[1:-1]},;]{{0,24}}(?:\bwith|\bhaving|\bhas|\bmit|\bavec|\bcon|\bcom|\bс)\s*(?:only |just |about )?$",
    re.IGNORECASE,
)
HOST_MEMORY = Noun(start=0, end=0, size="host.total_bytes", count=None, thing="host", generic=False)
WHOLE_HOST = any_of(
    r"\b(?:host|machine|whole system|system (?:is|was|still|uses|has)|system memory|server's|entire (?:server|system)|vm|box|laptop)\b",
    r"机器|主机|系统总|マシン全体|хост|Rechner",
)
OWN = any_of(
    r"\b(?:process(?:es)?|app(?:lication)?|program|service|daemon|it|they|workers?|binary|rss|broker|agent|exporter)\b",
    r"进程|程序|服务(?!器)|プロセス|процесс|Prozess",
)
BOXED = any_of(
    r"\b(?:containers?|pods?|docker|kubernetes|k8s|cgroup)\b",
    r"\b(?:containerd|cri-?o|crictl|kubelet|cadvisor|podman|nomad)(?:'s)? (?:\w+ ){0,2}?(?:report\w*|show(?:s|n|ed|ing)?|says?|saying|said|sees?|claims?|measures?|displays?|stats|metrics?)\b",
    r"容器|コンテナ|контейнер|컨테이너",
)
"""What a runtime of containers reports is of a container; what it uses itself is a process's."""
GO = re.compile(
    r"\b(?:golang|Go (?:service|program|app\w*|process|binary|runtime|server|heap)|go ?1\.\d+|goroutines?|MemStats|pprof|GOGC|GOMEMLIMIT)\b|\((?:Go|golang)\)|协程"
)
GROWS = r"(?:to|up to|onto|as high as|reaching|and (?:is|reached|reaches)|auf|bis(?: zu| auf)?|à|jusqu'à|a|hasta|para|até|до|到|至|升至|涨到|升到|增长到|增加到|降到|飙到|からは?|から|에서|→|->|=>|➜|⟶|⇒)"
PAIR = re.compile(
    rf"(?P<from>\b(?:from|von|de|desde|с|от)\s*|[从從由]\s*|between\s*)?(?:~|about |around |roughly |etwa |约)?(?P<a>{Q})\s*(?:\({N}\)|of {N}|{N})?\s*(?P<ma>{M})?\s*[^{Q[1:-1]}]{{0,14}}?\s*(?P<to>{GROWS})\s*(?:{M}\s*)?(?:~|about |around |roughly |over |more than |almost |nearly |etwa |über |约|superior a )?\s*(?P<b>{Q})",
    re.IGNORECASE,
)
GOES_ON = re.compile(
    rf"^(?:\s|[~≈:()\-.!]|{M}|\b(?:and|then|now|to|up|later|finally|at|it|is|was|with|after|from|only|about|around|already|reaching|reached|reaches|growing|that|the|peak(?:s|ed)?|maximum|max|value|average|stays?|stayed|remain(?:s|ed)|still|nur|bei|auf|lediglich|und|dann|jetzt|nun|et|puis|maintenant|y|luego|e|agora|ahora|и|затем|потом|сейчас|уже|или)\b|现在|然后|再|后来|已经|到|从|从原来|그리고)*(?:{Q}(?:\s|[~≈:()\-.!,]|{M}|\b(?:to|after|that|und|and|total|later|of)\b|→|->|[到个個])*)+$",
    re.IGNORECASE,
)
LATER_IT = re.compile(
    rf"^\W*(?:(?:after|within|during|over|once|when|by|at|the|next|\d{{1,3}})\b ?|{M} ?)(?:[\w'-]{{1,20}} |{M} ?){{0,6}}?(?:it|this) (?:is|was|becomes?|became|had become|reach(?:es|ed)|hits?|was up|is up|rose|grew|went)(?: (?:now|already|at|to|up|about|around|over|almost|nearly|more than|~)){{0,3}} ?[~≈]?{Q}",
    re.IGNORECASE,
)
"""`after the test it was B`: of the name before it."""
THEN = re.compile(
    rf"^(?:\s|[,()~≈]|{M}|\b(?:and|then|now|later|but|up|to|finally|at|is|was|already|about|around|almost|nearly|over|more than|only)\b)*$",
    re.IGNORECASE,
)
"""Between two figures of one name: `A at start and B after …`, where MOMENT follows or stands between."""
AT_MOMENT = re.compile(
    rf"^\s*(?:{M}|(?:after|later|within|once|when|now|by the end|the next|at the end|on the (?:next|second|third|last))\b)",
    re.IGNORECASE,
)
OF_OTHER = re.compile(
    r"^\s*(?:of|in|for|on|free|available|cached?|swap)\b(?! (?:the )?(?:memory|ram|rss|use\b))", re.IGNORECASE
)
ITSELF = re.compile(
    rf"^(?:\s|[:(]|{M}|\b(?:it|we|this|that|the|my|our|has|have|suddenly|process(?:es)?|app(?:lication)?|service|program|daemon|server|workers?|pods?|container|usage|size|growth|steadily|slowly|constantly|then|and|also|quickly|gradually"
    r"|grows?|grew|growing|rises?|rose|rising|climbs?|climb(?:ed|ing)|increas(?:es|ed|ing)|goes|went|jump(?:s|ed)|balloon(?:s|ed)|from|steigt|wächst|von|monte|passe|de|crece|sube|desde|cresce|sobe|раст[её]т|выр(?:ос|астает)|с)\b|从|涨|增长)*"
    r"(?:(?:grow|gr[eo]w|ris|rose|climb|increas|goes|went|gone|jump|balloon|swell|steigt|wächst|monte|passe|crece|sube|cresce|sobe|раст|выр)\w{0,6}(?:\s+(?:from|steadily|slowly|von|de|desde|с)\b)*|从)\s*$",
    re.IGNORECASE,
)
"""`it grows from`: what grows so on a page about memory is memory."""
RISES = re.compile(
    r"\b(?:process(?:es)?|app(?:lication)?s?|services?|programs?|daemons?|workers?|pods?|containers?|it|they)\b[^,;:]{0,40}\b(?:grow|gr[eo]w|ris|rose|climb|increas|go|goes|went|gone|jump|balloon|swell|creep|crept)\w{0,6}\s+(?:(?:up|slowly|steadily|suddenly|quickly) )?(?:from\s*)?$",
    re.IGNORECASE,
)
"""`the workers on that host jump from`: a process that grows in bytes does so in memory."""
MINE = re.compile(r"\b(?:I|we)(?:'ve| have)(?: got)? (?:only |just |about )?$", re.IGNORECASE)
"""`I have` so much memory: the machine's."""
OF_THINGS = re.compile(
    rf"{Q} of (?:the )?(?:logs?|data|files?|messages|rows|records|disk|storage|traffic|images)\b", re.IGNORECASE
)
HOST_AFTER = re.compile(
    r"^\s*(?:of )?(?:RAM |memory )?(?:vps|vm|droplet|raspberry|ec2|linode|box|machine|laptop|server|instance)\b",
    re.IGNORECASE,
)
MEMORY = Noun(start=0, end=0, size="process.rss_bytes", count=None, thing="total", generic=True)
PEAK = any_of(r"\bpeak(?:s|ed|ing)?\b|\bspik(?:e|es|ed)\b|\bmax(?:imum)?\b|峰值|最高|ピーク|пик|Spitze")
PEAKED = ("process.rss_bytes",)
_ABOUT = r"(?:\s*(?:about|around|roughly|some|over|up to|barely|above|just|more than|well over|in excess of|nearly|close to|approximately|at|almost|only|now|already|~|≈|etwa|rund|ca\.|environ|unos|cerca de|около|约))*"
OWNS = re.compile(
    r"\b(?:(?:the|our|my|this|that|each|every|one|a|an|these|those|all) (?:[\w.+-]+ ){0,3}?(?:process(?:es)?|app(?:lication)?s?|services?|programs?|daemons?|servers?|workers?|sidecars?|brokers?|agents?|pods?|containers?|jobs?|clients?|binary|instances?|exporters?|controllers?|operators?|collectors?|ap[ip])|(?:it|they|I (?:see|saw|have seen|observed|had)|I've (?:seen|observed)) it|it|its (?:consumption|usage|footprint|size)|they|(?:[\w.+-]+ )?(?:app(?:lication)?|process|service)|task manager|activity monitor|er|sie|es|Prozess|Dienst|processus|proceso|processo|процесс)\s+(?:\w+ ){0,2}?"
    r"(?:has|had|uses?|used|using|takes?|took|eats?|needs?|consum(?:es?|ed|ing)|occupies|holds?|(?:has )?(?:reach|exceed|cross|surpass)(?:es|ed|s)?|has (?:gone|grown|climbed|risen) (?:up )?to|(?:is|are|was|were) (?:now |already |still |currently )?(?:at|using|consuming|taking(?: up)?|eating|holding|sitting at|returning|reporting)|start(?:s|ed)? (?:to use|using|at|(?:out |off )?with|from|off at)|hover(?:s|ed|ing)? (?:at|around)|sits at|stays? at|stayed at|remain(?:s|ed)? (?:(?:constant|stable|flat|steady) )?at|ends? (?:up )?at|ended (?:up )?at|max(?:es|ed) out at|tops? out at|goes up to|went (?:up )?to|grew to|grown to|grows to|balloons? to|climb(?:s|ed) to|(?:ist|war|liegt|lag|bleibt) (?:\w+ ){0,3}?bei|hat|belegt|braucht|utilise|prend|occupe|usa|ocupa|занимает|отъедает|съедает|съел|жр[её]т|потребляет|ест)|\b(?:belegt|verbraucht|braucht|nutzt) (?:der|die|das|unser\w*|mein\w*) [\w-]+|\b(?:ist|war|liegt|lag|bleibt|steht) (?:er|sie|es|der \w+) (?:\w+ ){0,3}?bei|\b(?:pods?|containers?) at"
    + _ABOUT
    + r"\s*$",
    re.IGNORECASE,
)
"""`the process has`: what follows is its memory, where nothing else is named."""
CONSUMES = re.compile(
    r"(?:\bit's (?:now |already |still |currently )?(?:at|using|consuming|taking|eating|up to)|\b(?:consum(?:es|ed|ing)|utili[sz](?:es|ed|ing)|t(?:akes|ook|aking) up|eat(?:s|ing)|ate|gobbl(?:es|ed|ing)|uses|(?:is|was|are|were|still|only) us(?:ed|ing)|claim(?:s|ed)|hog(?:s|ged|ging))(?: up)?)"
    + _ABOUT
    + r"\s*~?\s*$",
    re.IGNORECASE,
)
"""`NAME consumes`: on a page about memory, what follows is memory."""
BOX_MEMORY = Noun(start=0, end=0, size="cgroup.current_bytes", count=None, thing="total", generic=False)
ALLOCATED = any_of(r"^\W*(?:in total )?(?:of )?alloc\w*\b|^\W*(?:分配|alloziert|alloué\w*|выделен\w*)")
ALLOTTED = any_of(r"\b(?:pods?|containers?)\s+(?:\w+ ){0,2}?ha(?:s|d)\b")
"""`the pod has 2 GB` tells as often what it may have."""
OWNS_AFTER = re.compile(
    rf"^\s*(?:$|[).,;:!?–-]|{M}|(?:after|now|by|in|the whole|all|when|and|at|within|since|then|but|while|before|so far|excluding|without|more or less|currently|right now|for|in size|total|each|right|of (?:memory|ram|real|actual|physical|resident)|RAM|(?:real |physical |resident )?mem(?:ory)?\b|nach|und|jetzt|après|et|después|y|depois|e|после|и)\b)",
    re.IGNORECASE,
)
IN_USE = any_of(
    r"\b(?:used?|usage|in use|full|fill(?:s|ed)|holds?|contain\w*|occupied|belegt|voll|utilisé\w*|usad\w+|занято|lleno|cheio)\b|已用|占用|使用"
)
ELSEWHERE = any_of(
    r"\b(?:for|on|with|under|at) (?:exactly )?the same (?:work ?load|load|data(?:set)?|files?|tests?|inputs?|traffic|directory|script|page|task|job)\b|\b(?:in|by|for) comparison\b"
    r"|\bbei (?:gleicher|derselben) Last\b|\bpour la même charge\b|\bcon la misma carga\b|при той же нагрузке|同样的负载下|同じ負荷"
)
"""`the other one takes A for the same workload`: what something else takes, said to compare."""
_BEFORE = r"(?:\b(?:before|prior to|previously|formerly|originally|without|was|were|vorher|zuvor|ohne|avant|sans|antes|sin|sem|до|раньше|без)\b|(?:前|之前|以前)(?!后|後)|전(?:에는)?)"
_AFTER = r"(?:\b(?:after(?:wards)?|now|with|since|nachher|danach|mit|jetzt|après|avec|maintenant|después|con|ahora|depois|com|agora|после|с|теперь)\b|后|後|之后|以后|现在|후)"
_NO_Q = f"[^{Q[1:-1]}]"
INSTEAD_OF = re.compile(
    rf"(?P<after>{Q}){_NO_Q}{{0,12}}?(?:\b(?:instead of|rather than|vs\.?|versus|compared (?:to|with)|down from|as opposed to|where it was|statt|anstatt|au lieu de|en lugar de|en vez de|em vez de|вместо)\b|\((?:was|before|vorher|avant|antes))\s*(?:{N}\s*)?(?:of )?(?:~|about |around |over |the )?{_NO_Q}{{0,16}}?(?P<before>{Q})",
    re.IGNORECASE,
)
BEFORE_AFTER = re.compile(
    rf"{_BEFORE}{_NO_Q}{{0,40}}?(?P<before>{Q}){_NO_Q}{{0,40}}?{_AFTER}{_NO_Q}{{0,40}}?(?P<after>{Q})", re.IGNORECASE
)
AFTER_BEFORE = re.compile(
    rf"{_AFTER}{_NO_Q}{{0,40}}?(?P<after>{Q}){_NO_Q}{{0,40}}?{_BEFORE}{_NO_Q}{{0,40}}?(?P<before>{Q})", re.IGNORECASE
)
SIDE = re.compile(
    rf"(?P<before>{_BEFORE.replace('without|was|were|', '')})|{_AFTER.replace('now|with|since|', 'with|')}",
    re.IGNORECASE,
)
"""Which side of a change the words that follow are about."""
GREW = any_of(
    r"\b(?:growth|grow\w*|grew|climb\w*|ris(?:e|es|ing)|rose|leak\w*|balloon\w*|increas\w+)\b|增长|上涨|涨|増え|증가|wächst|рост|раст[её]т"
)
