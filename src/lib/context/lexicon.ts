import type {Analyzer} from './words.ts'

/** Finds what else a word may be called in the text that answers it. */
export interface Lexicon {
  /** Related terms of a term, without itself. */
  related(term: string): readonly string[]
}

/**
 * Everyday and technical English, as `heads: members`. A head stands for its members and for the other heads: who asks
 * for pets is answered by a text on dogs. A member does not stand for its heads: who asks for dogs does not want cats.
 * Written for this program from common knowledge.
 */
const groups = `
activity hobby pastime interest leisure: hike camp swim run paint draw read cook bake garden dance sing yoga pottery fish travel photography knit game sport gym climb bike ski skate surf craft write music movie chess puzzle collect volunteer
exercise workout fitness: gym yoga pilates run jog swim weight lift cardio stretch bike cycle hike boxing kickboxing aerobics train marathon crossfit
sport athletics: football soccer basketball baseball tennis golf hockey volleyball rugby cricket swim surf ski skate snowboard climb boxing wrestle gymnastics cycle run marathon team match coach league
martial: karate judo taekwondo kickboxing boxing aikido jiujitsu wrestling fencing
outdoors outdoor nature: hike camp mountain forest lake river beach trail park trek climb fish kayak garden wildlife sunset
instrument: guitar piano violin clarinet drum flute trumpet saxophone cello ukulele harp keyboard bass banjo
music musician: song sing singer band concert album guitar piano violin tune melody perform orchestra lyrics playlist festival
concert: band music sing song stage festival gig live
art artwork artist: paint painting draw drawing sketch sculpture pottery canvas gallery exhibit mural photography portrait clay
pottery ceramics: clay bowl cup mug vase pot plate kiln
craft: knit sew crochet embroidery woodwork pottery quilt
book novel literature: read author story series chapter library poem fiction bookshelf
author writer: write book novel story publish
write writing: book story poem blog journal script essay article novel
movie film: watch cinema theater actor director series show episode documentary
show series: episode season watch netflix
pet animal: dog cat puppy kitten hamster rabbit bird fish turtle parrot horse pig lizard snake
dog: puppy pup retriever terrier labrador
cat: kitten kitty
food meal dish cuisine: cook eat recipe dinner lunch breakfast bake restaurant soup salad pasta pizza bread cheese chicken rice cake vegetable fruit taste delicious sandwich
recipe: cook bake ingredient dish
cook: bake grill roast fry recipe dish meal kitchen
dessert sweet: cake pie cookie ice cream chocolate sundae pudding brownie cobbler pastry candy muffin tart
drink beverage: coffee tea beer wine water juice cocktail smoothie soda
vegetable: tomato carrot pepper onion lettuce spinach potato broccoli
fruit: apple banana orange berry strawberry grape mango peach lemon
diet nutrition: food sugar vegetable healthy vegan vegetarian calorie snack
family relative: mother father mom dad parent son daughter brother sister husband wife child kid aunt uncle cousin grandma grandpa grandmother grandfather nephew niece
parent: mom dad mother father
mother: mom mum mama
father: dad papa
grandmother: grandma granny nana
grandfather: grandpa granddad
child: kid son daughter boy girl baby toddler teen youth
kid: child son daughter boy girl
sibling: brother sister
spouse partner: husband wife boyfriend girlfriend fiance married
marriage marry wedding: married wife husband bride groom engaged anniversary spouse
relationship dating romantic: boyfriend girlfriend single married partner breakup date divorce husband wife love engaged
friend friendship: buddy pal mate
neighbor: neighborhood door street
country nation abroad: travel spain france italy germany england sweden ireland scotland greece portugal japan china india mexico brazil canada australia turkey thailand
europe european: spain france italy germany england sweden ireland scotland greece portugal switzerland austria norway paris london rome berlin
asia asian: japan china india thailand korea vietnam indonesia tokyo
city town: paris london rome tokyo york boston chicago seattle berlin madrid barcelona toronto vancouver angeles francisco
state: california florida oregon texas washington colorado carolina georgia arizona michigan minnesota
area region location place: neighborhood county coast city town north south east west downtown
beach seaside: ocean sea sand wave surf coast shore
mountain: peak summit climb hike trail hill
travel trip vacation holiday journey: visit flight fly drive hotel beach tour abroad road camp vacation explore destination
hike: trail trek mountain
camp: tent campfire campsite marshmallow
park: trail bench playground forest
job work career profession occupation employment: hire company boss office interview business colleague manager engineer teacher nurse banker counselor lawyer doctor salary fire internship promotion coworker
colleague coworker workmate: coworker workmate team office
business company startup: shop store customer client brand sell launch market investor product firm venture studio
customer client: user buyer order
promote promotion advertise marketing: ad campaign social media video offer flyer brand website post
shop store: boutique market mall
clothes clothing outfit fashion: shirt dress shoe jacket hoodie jeans hat wear sweater style
purchase buy: shop get order
money finance financial income wealth: pay cost afford debt loan savings budget salary rich poor bill bank donate struggle invest
education study school degree: college university class course teacher learn student graduate exam lesson
class course lesson workshop: learn teach instructor
skill ability talent: learn practice improve
exam quiz assessment: score result pass test
achievement accomplishment success: win award goal proud promotion graduate finish
health medical illness sick: doctor hospital disease pain surgery medicine injury diagnosis hurt therapy recover clinic checkup
injury injure: hurt ankle knee sprain break accident pain
mental emotional: therapy counseling stress anxiety depression wellbeing support
stress destress relax calm unwind: peaceful therapy meditate yoga bath
feel feeling emotion: happy sad excited nervous proud scared grateful anxious thankful overwhelmed
happy: glad joy excited thrilled
sad: upset depressed heartbroken grief
afraid fear: scared scary frightened worry nervous
personality trait attribute character describe: kind caring thoughtful brave honest driven generous creative passionate patient real authentic helpful selfless
hard difficult challenge struggle hardship: tough setback problem obstacle
negative bad: upset sad tough difficult
death die: funeral pass lose grief mourn
event celebration: party festival parade concert wedding fair conference ceremony show meeting gathering competition tournament fundraiser exhibition
charity fundraiser cause: donate volunteer raise shelter homeless drive help
volunteer: help shelter charity community
competition contest tournament: compete win prize award trophy medal finalist
award prize: win trophy medal certificate
damage broken: crack windshield crash accident flat
accident: crash collide hurt injured
vehicle car transportation: drive truck bike bus motorcycle van windshield engine tire mechanic
home house residence: apartment room kitchen move rent mortgage
live reside: home house apartment move city town neighborhood
furniture: couch sofa table chair bed shelf desk lamp
plant garden: flower tree seed grow soil rose vegetable
religion religious spiritual faith: church pray prayer god bible temple mosque christian
church: pray worship pastor
politics political government: vote election campaign office policy mayor liberal conservative rights candidate party
military army: soldier veteran deploy war service navy troop
patriotic: country flag military serve veteran
law legal: lawyer court judge right
identity gender: transgender woman man gay lesbian queer trans transition
lgbtq: pride gay trans transgender lesbian queer rainbow
symbol: flag necklace pendant rainbow mural tattoo cross
gift present: give necklace birthday
jewelry: necklace ring bracelet pendant earring
birthday: party cake turn
photo picture image: photograph pic camera snapshot
weather: rain snow sun storm wind cold hot
disaster emergency: flood fire storm earthquake hurricane
game: play video board chess card puzzle console nintendo playstation xbox
computer technology device gadget: laptop phone software app website internet tablet program
name called: named
decide decision choose: choice plan
plan intend goal aim: want hope future dream
reason why: because since
start begin launch open: new
attend participate join partake: go take
adopt adoption: agency puppy
research investigate: look search study
enjoy like love: fan favorite fun
help assist support: helping supportive
advice suggest recommend suggestion: tip recommendation should
age old: birthday year born
new recent latest: just
big large: huge
small little: tiny
beautiful pretty: gorgeous stunning lovely
tell mention say: talk
error failure bug issue fault crash: fail exception broken traceback stack timeout wrong
fix repair solve resolve: patch workaround solution
deploy release ship publish: rollout production version staging
database db: postgres sqlite mysql sql schema migration table query
server host machine: vm instance node container docker port
config configuration setting option: yaml json env variable flag
credential password secret: token key login auth
repository repo: git branch commit merge pull
test: suite ci spec unit
document doc documentation: readme page wiki guide
meeting call appointment: calendar schedule zoom invite
deadline due: date friday monday
task todo: ticket issue
email mail: inbox message
delete remove: rm drop erase
folder directory: path dir
function method: class module code
language framework: typescript javascript python rust go java
`

/** The lexicon in the terms of an analyzer. */
export function createLexicon(analyzer: Analyzer): Lexicon {
  const members = new Map<string, Set<string>>()
  for (const line of groups.trim().split('\n')) {
    const [heads = [], rest = []] = line.split(':').map((part) => part.trim().split(' ').map(analyzer.term))
    for (const head of heads) {
      const known = members.get(head) ?? new Set()
      for (const term of [...heads, ...rest]) if (term !== head) known.add(term)
      members.set(head, known)
    }
  }
  const related = new Map([...members].map(([head, terms]) => [head, [...terms].sort()]))
  return {related: (term) => related.get(term) ?? []}
}
