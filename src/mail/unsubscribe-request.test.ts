/** Requests to stop mailing in many languages are heard, and what only mentions it is not. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { asksToUnsubscribe } from "./unsubscribe-request.ts";

const reply = (new_text: string, subject = "Re: Your order") =>
  asksToUnsubscribe({ subject, new_text });

const requests: Readonly<Record<string, readonly string[]>> = {
  en: [
    "unsubscribe",
    "UNSUBSCRIBE!!!",
    "Unsubscribe please",
    "Please unsubscribe.",
    "STOP",
    "stop stop stop",
    "Remove me",
    "Please unsubscribe me from your mailing list.",
    "Hi,\n\nplease take me off your mailing list.\n\nThanks,\nBob",
    "Please remove my email address from your database.",
    "Stop mailing me.",
    "stop emailing me",
    "Please stop sending me these emails",
    "Do not contact me again.",
    "Don't send me any more emails!",
    "I no longer wish to receive your newsletter.",
    "I don't want to receive emails from you anymore.",
    "I want to unsubscribe",
    "I'd like to be removed from your list",
    "Could you please remove me from your mailing list?",
    "Can you unsubscribe me?",
    "Not interested, please remove me from your list.",
    "Thank you for the offer and the kind words about our shop. We have discussed it in the team and decided to go another way this year, as budgets are what they are.\n\nPlease take me off your mailing list.\n\nBest regards\nBob Miller\nHead of Purchasing",
    "Please unsubscribe me\n\nBob",
    "Opt me out",
    "Please remove bob@example.net from your list",
    "We do not want to hear from you again.",
    "Unsubscribe\n\n> To unsubscribe click here",
    "No more emails please",
    "Leave me alone!",
    "Get me off your mailing list.",
  ],
  de: [
    "abmelden",
    "Bitte abmelden",
    "Bitte melden Sie mich ab.",
    "Bitte nehmen Sie mich aus Ihrem Verteiler.",
    "Guten Tag,\nbitte streichen Sie mich von Ihrer Liste.\nMit freundlichen Grüßen",
    "Ich möchte keine weiteren E-Mails erhalten.",
    "Schicken Sie mir keine Mails mehr!",
    "Können Sie mich bitte aus Ihrem Verteiler nehmen?",
    "Ich möchte mich abmelden",
    "Keine Mails mehr",
    "Bitte keine weiteren E-Mails mehr.",
    "Bitte keine E-Mails mehr schicken.",
    "Schreiben Sie mir nicht mehr",
    "Bitte kontaktieren Sie mich nicht mehr.",
  ],
  fr: [
    "désabonner",
    "Désinscription svp",
    "Désabonnez-moi",
    "Veuillez me désinscrire de votre liste.",
    "Merci de me retirer de votre liste de diffusion",
    "Je ne souhaite plus recevoir vos e-mails.",
    "Arrêtez de m'envoyer des mails",
    "Ne m'envoyez plus de mails",
    "Plus d'emails s'il vous plaît",
    "Pourriez-vous me désabonner ?",
  ],
  es: [
    "baja",
    "Darme de baja por favor",
    "Por favor, quítenme de su lista",
    "No me envíen más correos",
    "Dejen de enviarme correos.",
    "No quiero recibir más correos",
    "Quiero darme de baja",
    "¿Pueden darme de baja?",
  ],
  pt: [
    "descadastrar",
    "Por favor, remova-me da sua lista",
    "Parem de me enviar e-mails",
    "Não quero mais receber e-mails",
    "Gostaria de cancelar a inscrição",
  ],
  it: [
    "Cancellatemi",
    "Disiscrivimi per favore",
    "Cancellatemi dalla vostra mailing list",
    "Smettete di scrivermi",
    "Non voglio più ricevere email",
    "Vorrei disiscrivermi",
  ],
  nl: [
    "afmelden",
    "Graag uitschrijven",
    "Schrijf mij uit",
    "Haal mij van jullie mailinglijst",
    "Stop met mailen",
    "Ik wil geen mails meer ontvangen",
  ],
  sv: [
    "Avregistrera mig",
    "Ta bort mig från er lista",
    "Sluta skicka mejl",
    "Jag vill inte ha fler mejl",
  ],
  da: [
    "Afmeld",
    "Fjern mig fra jeres liste",
    "Stop med at sende mig mails",
    "Jeg ønsker ikke at modtage mails",
  ],
  no: [
    "Meld meg av",
    "Fjern meg fra listen",
    "Slutt å sende meg e-post",
    "Jeg ønsker ikke å motta e-post",
  ],
  fi: [
    "Peruuta tilaus",
    "Poistakaa minut postituslistalta",
    "Älkää lähettäkö minulle enää viestejä",
    "En halua enää saada viestejä",
  ],
  pl: [
    "Wypisz mnie",
    "Proszę usunąć mój adres z listy",
    "Proszę wypisać mnie z listy",
    "Nie chcę otrzymywać więcej maili",
    "Przestańcie do mnie pisać",
    "Nie pisz do mnie więcej",
  ],
  cs: [
    "Odhlásit",
    "Odhlaste mě z odběru",
    "Neposílejte mi další e-maily",
    "Nechci dostávat další e-maily",
  ],
  ru: [
    "Прошу больше не присылать мне письма",
    "Отписаться",
    "Отпишите меня",
    "Пожалуйста, удалите меня из рассылки",
    "Больше не пишите мне",
    "Не хочу получать ваши письма",
    "Прекратите присылать",
  ],
  uk: ["Відписатися", "Відпишіть мене", "Видаліть мене зі списку", "Не хочу отримувати ваші листи"],
  tr: [
    "Abonelikten çık",
    "Beni listenizden çıkarın",
    "Lütfen bana e-posta göndermeyin",
    "Artık e-posta almak istemiyorum",
  ],
  ja: [
    "配信停止",
    "配信停止をお願いします",
    "メールの配信を停止してください",
    "もうメールを送らないでください",
    "リストから削除してください",
  ],
  zh: [
    "退订",
    "取消订阅",
    "请把我从邮件列表中移除",
    "不要再给我发邮件",
    "我不想再收到你们的邮件",
    "請取消訂閱",
  ],
  ko: [
    "수신거부",
    "구독 취소",
    "구독 취소해 주세요",
    "메일을 보내지 마세요",
    "목록에서 삭제해 주세요",
  ],
  ar: ["إلغاء الاشتراك", "أريد إلغاء الاشتراك", "توقفوا عن مراسلتي", "احذفوني من القائمة"],
  he: ["הסר", "הסירו אותי", "נא להסיר אותי מרשימת התפוצה", "תפסיקו לשלוח לי מיילים"],
};

describe("is heard", () => {
  test.each(
    Object.entries(requests).flatMap(([language, texts]) =>
      texts.map((text) => [language, text] as const),
    ),
  )("%s: %j", (_language, text) => {
    expect(reply(text)).toBe(true);
  });

  test.each([
    "unsubscribe",
    "UNSUBSCRIBE",
    "Unsubscribe me",
    "unsubscribe 7q3zk9f2aa",
    "abmelden",
    "退订",
    "STOP",
  ])("the subject %j of a mail without text", (subject) => {
    expect(reply("", subject)).toBe(true);
    expect(reply("Thanks,\nBob", subject)).toBe(true);
  });

  test("every language has at least three examples", () => {
    expect(Object.values(requests).every((texts) => texts.length >= 3)).toBe(true);
    expect(Object.values(requests).flat().length).toBeGreaterThanOrEqual(80);
  });
});

const others = [
  "",
  "Yes",
  "Thanks!",
  "How do I unsubscribe my customers?",
  "How do I unsubscribe?",
  "How can I unsubscribe from the list",
  "Did you unsubscribe me?",
  "Don't unsubscribe me.",
  "Please don't unsubscribe me from your mailing list",
  "Please do not unsubscribe me",
  "Do not remove me from your list",
  "Don't stop emailing me!",
  "Never stop writing to me",
  "My customers want to unsubscribe.",
  "A customer wrote: please remove me from your list.",
  'He said "unsubscribe me from your list" yesterday.',
  "Our users say stop emailing me all the time, what should we do?",
  "If I don't pay, remove me from your list.",
  "Remove me from your list unless the price drops.",
  "Unsubscribe me from your weekly digest but keep the invoices coming",
  "Please stop the machine before you open it.",
  "Stop the order please",
  "Please stop by on Monday.",
  "I can't stop thinking about the offer.",
  "Please remove the second item from my order.",
  "Remove item 3 from the list",
  "Remove me from the guest list for Friday",
  "Please take me off the waiting list",
  "Take the train to the office.",
  "Delete the old account and create a new one.",
  "Don't send me the blue one.",
  "Don't contact me before Friday, I am travelling.",
  "Don't email me the invoice, send it by post.",
  "I don't want to receive the parcel on Monday.",
  "I don't want the newsletter module in the package.",
  "I want to opt for the second offer.",
  "The unsubscribe link in your app is broken.",
  "We need an unsubscribe button on our page.",
  "I did not unsubscribe, why do I get no mail?",
  "Was I unsubscribed?",
  "Who asked you to remove me from your list?",
  "When will you stop sending me these emails to the wrong office?",
  "Could you explain how to remove me from your list?",
  "Can you tell me whether the unsubscribe works?",
  "I unsubscribed last week from another shop.",
  "Please resubscribe me.",
  "Please subscribe me to your mailing list.",
  "We would like to talk about the removal of our address in the contract.",
  "Stop.\n\nBefore you go on with the order, check the colour with my colleague, because the last one was wrong and we had to send it back at our own cost, which was not fun for us at all.",
  "News of March\n\nHere is what happened in our shop this month, with many offers for you and your family, all of them valid until the end of the month only.\n\nUnsubscribe\nView in browser",
  "Big sale this week, everything must go, come and see us in the town centre.\n\nTo unsubscribe, click here.",
  "If you no longer wish to receive these emails, unsubscribe here.",
  "Big sale this week.\n\nYou are receiving this mail as a customer of ours.\nUnsubscribe me from this list.",
  "Sounds good.\n\n-----Original Message-----\nI no longer wish to receive your emails.",
  "> unsubscribe",
  "Sounds good.\n\n> Please remove me from your list.",
  "Wie kann ich mich abmelden?",
  "Bitte melden Sie mich nicht ab.",
  "Bitte melden Sie mich für den Kurs an.",
  "Bitte nehmen Sie mich nicht aus dem Verteiler.",
  "Unsere Kunden wollen sich abmelden.",
  "Können Sie mir die Abmeldung erklären?",
  "Ich habe keine E-Mails mehr bekommen.",
  "Keine weiteren E-Mails in Sachen Müller sind gekommen.",
  "Get me the price list.",
  "Ne me désabonnez pas",
  "Comment me désabonner ?",
  "Je souhaite recevoir vos e-mails.",
  "No me den de baja",
  "¿Cómo puedo darme de baja?",
  "Quiero recibir más correos",
  "Não me remova da lista",
  "Quero receber mais e-mails",
  "Non cancellatemi dalla lista",
  "Come posso cancellarmi?",
  "Schrijf mij niet uit",
  "Hoe kan ik me uitschrijven?",
  "Ta inte bort mig från listan",
  "Hvordan melder jeg meg av?",
  "Älkää poistako minua listalta",
  "Jak mogę się wypisać?",
  "Nie wypisujcie mnie z listy",
  "Neodhlašujte mě",
  "Как отписаться?",
  "Не отписывайте меня",
  "Не удаляйте меня из рассылки",
  "Як відписатися?",
  "Beni listeden çıkarmayın",
  "配信停止の方法を教えてください",
  "配信停止しないでください",
  "如何退订？",
  "不要取消订阅",
  "请不要把我从列表中移除",
  "구독 취소 방법을 알려주세요",
  "구독 취소하지 마세요",
  "كيف يمكنني إلغاء الاشتراك؟",
  "איך אפשר להסיר אותי?",
  "אל תסירו אותי",
];

describe("is not heard", () => {
  test.each(others.map((text) => [text]))("%j", (text) => {
    expect(reply(text)).toBe(false);
  });

  test.each([
    ["Re: unsubscribe", "Sounds good, see you on Monday."],
    ["How to unsubscribe", ""],
    ["unsubscribe", "How do I unsubscribe my customers?"],
    ["Unsubscribe", "Please do not do this to me, I like your mail."],
    ["Your order", ""],
  ])("subject %j with text %j", (subject, text) => {
    expect(reply(text, subject)).toBe(false);
  });

  test("at least sixty examples", () => expect(others.length).toBeGreaterThanOrEqual(60));
});

test("hostile text is judged in bounded time", () => {
  const started = process.cpuUsage();
  for (const piece of [
    "please ",
    "unsubscribe ",
    "stop sending me these ",
    " ",
    "\n",
    "remove me from your ",
    "お願い",
    "*_",
    "a, ",
    "to unsubscribe",
    "don't send me any more ",
  ])
    for (const size of [150, 6000, 400_000])
      reply(piece.repeat(Math.ceil(size / piece.length)), piece.repeat(1000));
  expect(process.cpuUsage(started).user / 1_000_000).toBeLessThan(2);
});

test("any text gets an answer", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 300 }), fc.string(), (text, subject) => {
      expect(typeof reply(text, subject)).toBe("boolean");
    }),
  );
});
