#include "names.h"

#include "callhud/base/str.h"
#include "callhud/base/utf8.h"

#include <stdio.h>
#include <string.h>

#define NAMES_OF_ONE 12

/* One culture a row, so that first and last names fit together. */
static const struct culture {
    unsigned weight;
    const char *first[NAMES_OF_ONE];
    const char *last[NAMES_OF_ONE];
} cultures[] = {
    {16,
     {"Tom", "Pam", "Hal", "Ida", "Lou", "Gus", "Fay", "Max", "Ada", "Nia", "Eli", "Rex"},
     {"Ford", "Moss", "Rask", "Byrne", "Park", "Lund", "Egan", "Hale", "Quinn", "Shaw", "Reed",
      "Cole"}},
    {12,
     {"Noor", "Rana", "Omar", "Layla", "Sami", "Huda", "Karim", "Dina", "Yusuf", "Amal", "Tariq",
      "Salma"},
     {"Haddad", "Aziz", "Said", "Nasser", "Khoury", "Mansour", "Farouk", "Saleh", "Hamdan",
      "Rashid", "Bakri", "Darwish"}},
    {12,
     {"Ana", "Leo", "Mia", "Inés", "Raúl", "José", "Lucía", "Íñigo", "Núria", "Begoña", "João",
      "Conceição"},
     {"Ruiz", "Costa", "Rossi", "Silva", "Lima", "Diaz", "Peña", "Muñoz", "Gonçalves", "Araújo",
      "Ibáñez", "Güell"}},
    {12,
     {"Lena", "Jürgen", "Zoë", "Björn", "Søren", "Åsa", "Jo", "Käthe", "Øyvind", "Þóra", "Maëlle",
      "François"},
     {"Fischer", "Brandt", "Müller", "Pohl", "Hahn", "Jung", "Strauß", "Ødegård", "Sjöström",
      "Guðmundsdóttir", "Lefèvre", "d'Aubigné"}},
    {10,
     {"Eva", "Ivo", "Jiří", "Zuzana", "Łukasz", "Małgorzata", "Ștefan", "Ioana", "Đorđe", "Živa",
      "Ágnes", "Jānis"},
     {"Novak", "Marek", "Dvořák", "Šimková", "Wójcik", "Dąbrowska", "Ionescu", "Țurcanu", "Đurić",
      "Kovačević", "Szőke", "Bērziņš"}},
    {6,
     {"Ayşe", "Çağrı", "Gülşen", "İsmail", "Kaya", "Özge", "Uğur", "Şule", "Emine", "Tuğba", "Onur",
      "Işıl"},
     {"Yılmaz", "Kaya", "Öztürk", "Şahin", "Çelik", "Güneş", "Aydın", "Doğan", "Kılıç", "Ünal",
      "Ekşi", "Yıldız"}},
    {6,
     {"Adébáyọ̀", "Chidi", "Ngozi", "Kwame", "Abena", "Thandiwe", "Sipho", "Wanjiru", "Ọlá",
      "Folasadé", "Tendai", "Zanele"},
     {"Okoye", "Adéyẹmí", "Mensah", "Nkosi", "Mwangi", "Dlamini", "Ọ̀ṣun", "Boateng", "Chukwu",
      "Moyo", "Sow", "Traoré"}},
    {6,
     {"Bo", "Qi", "Cai", "Mei", "Ken", "Jan", "Nguyệt", "Thảo", "Dũng", "Hương", "Trí", "Quỳnh"},
     {"Chen", "Ito", "Toth", "Abel", "Brun", "Wang", "Nguyễn", "Trần", "Phạm", "Đặng", "Võ",
      "Bùi"}},
    {4,
     {"花子", "太郎", "さくら", "健", "美咲", "翔太", "直子", "悠真", "千夏", "大輔", "由美",
      "ケン"},
     {"田中", "佐藤", "鈴木", "高橋", "渡辺", "伊藤", "山本", "中村", "小林", "加藤", "吉田",
      "長谷川"}},
    {4,
     {"伟", "芳", "秀英", "敏", "静", "丽", "強", "磊", "洋", "艳", "思雨", "子轩"},
     {"王", "李", "张", "劉", "陈", "杨", "趙", "黄", "周", "吴", "欧阳", "司马"}},
    {3,
     {"민준", "서연", "도윤", "지우", "하은", "시우", "수아", "지호", "예린", "현우", "유진",
      "준서"},
     {"김", "이", "박", "최", "정", "강", "조", "윤", "장", "임", "남궁", "황보"}},
    {4,
     {"Анна", "Дмитрий", "Олена", "Юрій", "Светлана", "Михаил", "Ђорђе", "Наталія", "Иван", "Зоя",
      "Йордан", "Айгүл"},
     {"Иванова", "Кузнецов", "Шевченко", "Їжакевич", "Соколова", "Петровић", "Ткаченко", "Волков",
      "Щербак", "Димитров", "Нұрланов", "Ёлкин"}},
    {3,
     {"Ελένη", "Γιώργος", "Μαρία", "Νίκος", "Σοφία", "Δημήτρης", "Ζωή", "Ηλίας", "Άννα", "Θανάσης",
      "Ιωάννα", "Χρήστος"},
     {"Παπαδοπούλου", "Γεωργίου", "Δημητρίου", "Νικολάου", "Ιωάννου", "Καραγιάννης", "Οικονόμου",
      "Βλάχος", "Αθανασίου", "Σταύρου", "Μακρής", "Ξένου"}},
    {3,
     {"نور", "عمر", "ليلى", "يوسف", "سلمى", "خالد", "مريم", "أحمد", "هدى", "زهرا", "پرویز", "آرش"},
     {"حداد", "عزيز", "سعيد", "خوري", "منصور", "النجار", "درويش", "القاسم", "صالح", "رضایی",
      "محمدی", "گلستان"}},
    {2,
     {"נועה", "יוסף", "תמר", "דוד", "מיכל", "אורי", "שירה", "איתן", "רחל", "יעל", "משה", "הדס"},
     {"כהן", "לוי", "מזרחי", "פרץ", "ביטון", "אברהם", "פרידמן", "שפירא", "גולן", "רוזן", "ברק",
      "שלום"}},
    {3,
     {"अनिता", "राहुल", "प्रिया", "विक्रम", "संध्या", "অরুণ", "মৌসুমী", "கவிதா", "முருகன்", "లక్ష్మి",
      "ਹਰਪ੍ਰੀਤ", "ಸುಮಾ"},
     {"शर्मा", "वर्मा", "सिंह", "कुलकर्णी", "त्रिपाठी", "চক্রবর্তী", "সেন", "சுப்ரமணியன்", "రెడ్డి", "ਗਿੱਲ", "ಗೌಡ",
      "મહેતા"}},
    {2,
     {"สมชาย", "น้ำฝน", "กิตติ", "ปิยะ", "รุ่งนภา", "สุดา", "ณัฐ", "วิไล", "ชัย", "มาลี", "ဇော်", "ສົມ"},
     {"ใจดี", "ศรีสุข", "ทองดี", "รัตนาภรณ์", "วงศ์ใหญ่", "บุญมี", "แสงทอง", "พิทักษ์", "สุวรรณ", "จันทร์เพ็ญ",
      "မြင့်", "ວົງ"}},
    {2,
     {"ნინო", "გიორგი", "თამარ", "Արամ", "Անահիտ", "Սուրեն", "አበበ", "ሰላም", "ሃና", "მარიამ",
      "Լուսինե", "ደስታ"},
     {"ბერიძე", "კაპანაძე", "მაისურაძე", "Սարգսյան", "Հակոբյան", "Պետրոսյան", "በቀለ", "ተስፋዬ", "ወልደ",
      "გელაშვილი", "Գրիգորյան", "ኃይሌ"}},
    /* Combining marks apart from their letters, as some directories send them. */
    {1,
     {"Zoe\xcc\x88", "Jose\xcc\x81", "Ame\xcc\x81lie", "Bjo\xcc\x88rn", "Ana\xcc\x88\xcc\x83is",
      "Nu\xcc\x81ria", "Rene\xcc\x81", "I\xcc\x81sis", "O\xcc\x88zge", "Thu\xcc\x9by",
      "Jiri\xcc\x81", "Asa\xcc\x8a"},
     {"Mu\xcc\x88ller",
      "Pen\xcc\x83"
      "a",
      "Nova\xcc\x81k", "A\xcc\x8angstro\xcc\x88m", "Nguye\xcc\x82\xcc\x83n", "Lefe\xcc\x80vre",
      "Dvor\xcc\x8c"
      "a\xcc\x81k",
      "S\xcc\xa7"
      "ahin",
      "Gonc\xcc\xa7"
      "alves",
      "O\xcc\x81"
      "Brien",
      "Kova\xcc\x81"
      "cs",
      "Yilmaz\xcc\xa3"}},
    /* Long ones. */
    {1,
     {"Maximiliane-Konstanze", "Bartholomew-Montgomery", "Jean-Christophe-Emmanuel",
      "Kealiʻiokekauhaʻōpio", "Wilhelmina Alexandrine", "Venkatanarasimharajuvaripeta",
      "María de los Desamparados", "Abdul-Rahman ibn Yusuf", "Oluwatobiloba-Ayodeji",
      "Llanfairpwllgwyngyll", "Θεοδώρα-Χρυσοβαλάντου", "Александра-Виктория"},
     {"von Hohenfels-Schwarzenberg", "Fernández de Córdoba y Arteaga",
      "Featherstonehaugh-Cholmondeley", "van der Westhuizen-Vanderbilt", "Papachristodoulopoulos",
      "Ratsimandrazafindrakoto", "Schleswig-Holstein-Sonderburg", "Wickramasinghe Arachchilage",
      "Zamoyska-Wiśniowiecka", "Keihanaikukauakahihuliheekahaunaele", "Παπαθεοδωρακόπουλος",
      "Рождественская-Оболенская"}},
};

void names_draw(struct ex *x, char first[NAMES_BYTES], char last[NAMES_BYTES])
{
    size_t count = sizeof cultures / sizeof cultures[0];
    uint64_t weights = 0;
    for (size_t i = 0; i < count; i++)
        weights += cultures[i].weight;
    uint64_t drawn = ex_random(x, weights);
    const struct culture *culture = cultures;
    while (drawn >= culture->weight) {
        drawn -= culture->weight;
        culture++;
    }
    str_copy(first, NAMES_BYTES, culture->first[ex_random(x, NAMES_OF_ONE)]);
    str_copy(last, NAMES_BYTES, culture->last[ex_random(x, NAMES_OF_ONE)]);
}

/* Han, kana, hangul. */
static bool is_family_first(const char *text)
{
    size_t used;
    if (!*text)
        return false;
    uint32_t c = utf8_decode(text, strlen(text), &used);
    return (c >= 0x3040 && c <= 0x9FFF) || (c >= 0xAC00 && c <= 0xD7AF) ||
           (c >= 0x1100 && c <= 0x11FF) || (c >= 0x20000 && c <= 0x3FFFF);
}

void names_join(const char *first, const char *last, char *out, size_t size)
{
    bool is_swapped = is_family_first(last) && is_family_first(first);
    const char *a = is_swapped ? last : first;
    const char *b = is_swapped ? first : last;
    char whole[2 * NAMES_BYTES];
    snprintf(whole, sizeof whole, "%.63s%s%.63s", a, *a && *b ? " " : "", b);
    str_copy(out, size, whole);
}

void names_split(const char *text, char first[NAMES_BYTES], char last[NAMES_BYTES])
{
    const char *blank = strchr(text, ' ');
    if (!blank) {
        str_copy(first, NAMES_BYTES, text);
        last[0] = '\0';
        return;
    }
    char before[NAMES_BYTES];
    str_copy(before,
             (size_t)(blank - text) + 1 < NAMES_BYTES ? (size_t)(blank - text) + 1 : NAMES_BYTES,
             text);
    bool is_swapped = is_family_first(before) && is_family_first(blank + 1);
    str_copy(is_swapped ? last : first, NAMES_BYTES, before);
    str_copy(is_swapped ? first : last, NAMES_BYTES, blank + 1);
}
