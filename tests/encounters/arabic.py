"""The tap page's texts in Arabic, as a municipality writes them in."""

ARABIC = {
    "language_name": "العربية",
    "question": "كيف كان اللقاء؟",
    "good": "جيد",
    "so_so": "متوسط",
    "bad": "غير جيد",
    "one_press": "ضغطة واحدة تكفي.",
    "nobody": "لا أحد يعرف من أنت.",
    "saving": "جارٍ الحفظ …",
    "saved": "شكراً! تم حفظ إجابتك.",
    "change": "هل أخطأت؟ يمكنك التغيير خلال عشر ثوانٍ.",
    "already": "إجابتك موجودة بالفعل. شكراً!",
    "waiting": "لا يوجد اتصال الآن. ستُرسل الإجابة عند عودته إذا بقيت الصفحة مفتوحة.",
    "tell_more": "أخبرنا المزيد إن أردت",
    "not_asking": "لا نسأل هنا في الوقت الحالي.",
    "you_said": "قلتم",
    "we_did": "فعلنا",
    "could_not": "ما لم نتمكن من فعله",
    "languages": "اللغات",
}
