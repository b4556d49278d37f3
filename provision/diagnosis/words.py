"""What each finding is called, what it means and what a person does about it (pure)."""

from provision.diagnosis.findings import Code, Sureness, Weight
from storage.phrases import Phrase

NAMES = {
    Code.UNREACHABLE: Phrase("Телефон не отвечает", "The phone does not answer"),
    Code.NOT_ASKED: Phrase("Телефон не спрашивали", "The phone was not asked"),
    Code.NO_ADDRESS: Phrase("Адрес телефона неизвестен", "The phone's address is not known"),
    Code.ANSWERS_WRONGLY: Phrase("Отвечает не то", "Answers, but not as a phone does"),
    Code.READ_REFUSED: Phrase("Не пускает читать", "Does not let us read it"),
    Code.SSH_KEY_CHANGED: Phrase("Другой ключ SSH", "Another SSH key"),
    Code.CERTIFICATE_CHANGED: Phrase("Другой сертификат", "Another certificate"),
    Code.KEY_UNCONFIRMED: Phrase("Ключ не подтверждён", "Its key is not confirmed"),
    Code.SILENT: Phrase("Не забирает настройки", "Does not fetch its settings"),
    Code.PROOF_REFUSED: Phrase("Не может подтвердить себя", "Cannot prove itself"),
    Code.REBOOT_LOOP: Phrase("Постоянно перезапускается", "Restarts again and again"),
    Code.RESTARTED: Phrase("Недавно перезапустился", "Restarted of late"),
    Code.NOT_REGISTERED: Phrase("Линия не зарегистрирована", "A line is not registered"),
    Code.SETTINGS_NOT_TAKEN: Phrase("Настройки не применены", "Settings are not in use"),
    Code.PACKET_LOSS: Phrase("Плохая связь", "Poor voice quality"),
    Code.POE_TOO_LOW: Phrase("Мало питания от порта", "Too little power from the port"),
    Code.HALF_DUPLEX: Phrase("Порт в полудуплексе", "The port is at half duplex"),
    Code.SLOW_LINK: Phrase("Медленный порт", "The link is slow"),
    Code.WRONG_VLAN: Phrase("Не тот VLAN", "The wrong VLAN"),
    Code.CLOCK_WRONG: Phrase("Неверное время", "The clock is wrong"),
    Code.CERTIFICATE_ENDS: Phrase("Сертификат кончается", "Its certificate is about to end"),
    Code.FIRMWARE_WITHDRAWN: Phrase("Прошивка отозвана", "Its firmware is withdrawn"),
    Code.FIRMWARE_OLD: Phrase("Старая прошивка", "Its firmware is old"),
    Code.DOWNLOAD_BREAKS: Phrase("Загрузка прошивки рвётся", "Firmware downloads break off"),
}

MEANINGS = {
    Code.UNREACHABLE: Phrase(
        "Ни один способ чтения не дал ответа: телефон выключен, сменил адрес, либо его закрывает "
        "сеть.",
        "No way of reading got an answer: it is off, has another address, or the network shuts it "
        "off.",
    ),
    Code.NO_ADDRESS: Phrase(
        "Спросить телефон было негде: что с ним самим, отсюда не видно.",
        "There was nowhere to ask the phone: how it is can't be seen from here.",
    ),
    Code.NOT_ASKED: Phrase(
        "Читать по этому адресу здесь не разрешено; отвечает ли телефон, неизвестно.",
        "This server may not read at that address; whether the phone answers is not known.",
    ),
    Code.ANSWERS_WRONGLY: Phrase(
        "По этому адресу отвечают, но не так, как телефон: там другое устройство, прошивка "
        "повреждена или подменена.",
        "Something answers at this address, but not as a phone does: it is another device, or its "
        "firmware is damaged or not ours.",
    ),
    Code.READ_REFUSED: Phrase(
        "Учётные данные для чтения не заданы, или телефон их не принял: многого о нём не видно.",
        "No reading credential is set, or the phone does not take it: much of it stays unseen.",
    ),
    Code.SSH_KEY_CHANGED: Phrase(
        "Под этим адресом или номером отвечает не тот телефон, либо его сбросили к заводским "
        "настройкам. Ни пароль, ни команда ему не посланы.",
        "Another phone answers under this address or number, or it was reset to factory settings. "
        "Neither password nor command was sent to it.",
    ),
    Code.CERTIFICATE_CHANGED: Phrase(
        "По HTTPS отвечает не тот телефон, его сертификат сменили, либо кто-то встал между нами. "
        "Ни пароль, ни запрос ему не посланы.",
        "Another phone answers by HTTPS, its certificate was replaced, or somebody stands between "
        "us. Neither password nor request was sent to it.",
    ),
    Code.KEY_UNCONFIRMED: Phrase(
        "По этому адресу отвечают, но ключ SSH или сертификат ещё никто не подтвердил: ни пароль, "
        "ни запрос туда не посланы.",
        "Something answers at this address, but nobody has confirmed its SSH key or certificate "
        "yet: neither password nor request was sent there.",
    ),
    Code.SILENT: Phrase(
        "Новые настройки и прошивки до телефона не доходят.",
        "New settings and firmware do not reach the phone.",
    ),
    Code.PROOF_REFUSED: Phrase(
        "От имени телефона приходят с неверным или отозванным ключом: настроек он не получает.",
        "Somebody asks in its name with a wrong or revoked secret: it gets no settings.",
    ),
    Code.REBOOT_LOOP: Phrase(
        "Разговоры обрываются, линия пропадает на время каждого запуска.",
        "Calls break off, and the line is gone for the time of each start.",
    ),
    Code.RESTARTED: Phrase(
        "Один перезапуск ещё ничего не значит; если повторится — это неполадка.",
        "One restart means little; if it happens again, it is a fault.",
    ),
    Code.NOT_REGISTERED: Phrase(
        "Позвонить на эту линию нельзя: сервер её не знает.",
        "Nobody can call this line: the server does not know it.",
    ),
    Code.SETTINGS_NOT_TAKEN: Phrase(
        "Телефон работает не по тем настройкам, которые ему выданы.",
        "The phone runs other settings than it was given.",
    ),
    Code.PACKET_LOSS: Phrase(
        "Собеседника плохо слышно: пакеты с голосом теряются или опаздывают по дороге.",
        "Speech is hard to follow: its packets are lost or late on the way.",
    ),
    Code.POE_TOO_LOW: Phrase(
        "Под нагрузкой (громкая связь, модуль клавиш) телефону не хватит питания, и он "
        "перезапустится.",
        "Under load (loudspeaker, key module) the phone runs short of power and restarts.",
    ),
    Code.HALF_DUPLEX: Phrase(
        "Одна сторона кабеля настроена жёстко, другая договаривается сама: кадры сталкиваются, "
        "голос рвётся.",
        "One end of the cable is fixed, the other negotiates: frames collide, speech breaks up.",
    ),
    Code.SLOW_LINK: Phrase(
        "Обычно это повреждённая пара в кабеле или жёстко заданная скорость порта.",
        "Mostly a damaged pair in the cable, or a speed fixed at the port.",
    ),
    Code.WRONG_VLAN: Phrase(
        "Голос идёт не по своей сети: сервер и очередь голоса могут быть недоступны.",
        "Voice takes another network: the server and the voice queue may be out of reach.",
    ),
    Code.CLOCK_WRONG: Phrase(
        "Записи журнала не сходятся с нашими; при большой ошибке телефон не верит "
        "сертификатам и не выходит на связь.",
        "Its log does not fit ours; a large error makes it distrust certificates and stay away.",
    ),
    Code.CERTIFICATE_ENDS: Phrase(
        "После этого дня телефон не сможет подтвердить себя сертификатом.",
        "After that day the phone cannot prove itself by its certificate.",
    ),
    Code.FIRMWARE_WITHDRAWN: Phrase(
        "Эту версию мы больше не выдаём: в ней нашлась неполадка.",
        "We offer this version no more: something is wrong with it.",
    ),
    Code.FIRMWARE_OLD: Phrase(
        "Часть неполадок в новой версии уже исправлена.",
        "Some faults are mended in the newer version.",
    ),
    Code.DOWNLOAD_BREAKS: Phrase(
        "Телефон начинает загрузку и не доводит её до конца: обновиться он не может.",
        "The phone starts the download and does not finish it: it cannot update.",
    ),
}

ADVICE = {
    Code.UNREACHABLE: Phrase(
        "Проверьте питание и кабель; узнайте адрес на экране телефона и прочитайте его по нему; "
        "проверьте, пропускает ли сеть SNMP и HTTP от нас.",
        "Check power and cable; take the address from its screen and read it there; check that the "
        "network lets SNMP and HTTP from us through.",
    ),
    Code.NO_ADDRESS: Phrase(
        "Пусть телефон выйдет на связь: включите его в сеть и перезапустите, адрес запишется сам. "
        "Если он за NAT или настройки берёт не здесь, внесите его адрес в настройку «Адрес для "
        "чтения» (read.address).",
        "Let the phone check in: plug it in and restart it, then its address is recorded. Where it "
        "is behind NAT or takes its settings elsewhere, put its address into the setting “Address "
        "for reading” (read.address).",
    ),
    Code.NOT_ASKED: Phrase(
        "Проверьте адрес телефона; если он верен, внесите его сеть в FLATPRO_READ_NETWORKS.",
        "Check the phone's address; if it is right, add its network to FLATPRO_READ_NETWORKS.",
    ),
    Code.ANSWERS_WRONGLY: Phrase(
        "По MAC в таблице коммутатора проверьте, кто живёт по этому адресу. Если это телефон — "
        "перезапустите его; повторится — отключите порт и передайте нам диагностический пакет.",
        "See by its MAC in the switch who lives at this address. If it is the phone, restart it; "
        "if that does not help, shut the port and hand us the diagnostic bundle.",
    ),
    Code.READ_REFUSED: Phrase(
        "Сверьте в профиле read.snmp_community (для v3 read.snmp_user и его пароли) и "
        "read.http_password с теми, что в телефоне.",
        "Compare read.snmp_community (read.snmp_user and its passwords for v3) and "
        "read.http_password of its profile with the phone's own.",
    ),
    Code.SSH_KEY_CHANGED: Phrase(
        "Сверьте ключ с экраном телефона; если он его — подтвердите на странице телефона.",
        "Compare the key with the phone's screen; if it is the same, confirm it on its page.",
    ),
    Code.CERTIFICATE_CHANGED: Phrase(
        "Сверьте отпечаток с самим телефоном; если сертификат его — внесите новый отпечаток в "
        "read.http_fingerprint.",
        "Compare the fingerprint with the phone itself; if the certificate is its own, put the new "
        "fingerprint into read.http_fingerprint.",
    ),
    Code.KEY_UNCONFIRMED: Phrase(
        "Сверьте отпечаток с самим телефоном. Ключ SSH подтвердите на странице телефона, отпечаток "
        "сертификата внесите в read.http_fingerprint.",
        "Compare the fingerprint with the phone itself. Confirm an SSH key on the phone's page; a "
        "certificate's fingerprint goes into read.http_fingerprint.",
    ),
    Code.SILENT: Phrase(
        "Проверьте в телефоне адрес сервера настроек; если у него нет ключа — выдайте новый.",
        "Check the provisioning address in the phone; if it has no credential, issue one.",
    ),
    Code.PROOF_REFUSED: Phrase(
        "Выдайте новый ключ и введите его в телефон; если телефон на месте и исправен — узнайте, "
        "кто ещё выходит на связь от его имени.",
        "Issue a new credential and enter it; if the phone itself is well, find out who else asks "
        "in its name.",
    ),
    Code.REBOOT_LOOP: Phrase(
        "Скачайте пакет диагностики, пока телефон помнит журнал; попробуйте другой порт и кабель; "
        "не помогло — заявка на ремонт.",
        "Take a diagnostic bundle while the phone remembers its log; try another port and cable; "
        "if that does not help, ask for a repair.",
    ),
    Code.RESTARTED: Phrase("Повторите диагностику завтра.", "Diagnose it again tomorrow."),
    Code.NOT_REGISTERED: Phrase(
        "Сверьте номер и пароль линии с сервером АТС; проверьте, доходит ли телефон до сервера "
        "(ping), и верно ли его время.",
        "Compare the line's number and password with the PBX; check that the phone reaches the "
        "server (ping) and that its clock is right.",
    ),
    Code.SETTINGS_NOT_TAKEN: Phrase(
        "Попросите телефон обновить настройки; если не помогло, перезапустите его и сверьте "
        "предпросмотр его файла.",
        "Ask the phone to fetch again; if that does not help, restart it and look at its preview.",
    ),
    Code.PACKET_LOSS: Phrase(
        "Смените кабель и порт; на коммутаторе посмотрите ошибки порта и очередь голоса; сравните "
        "с соседними телефонами.",
        "Change cable and port; look at the switch's port errors and voice queue; compare with the "
        "phones beside it.",
    ),
    Code.POE_TOO_LOW: Phrase(
        "Дайте порту больший класс PoE или поставьте блок питания.",
        "Grant the port a higher PoE class or use a power supply.",
    ),
    Code.HALF_DUPLEX: Phrase(
        "Включите автосогласование на порту коммутатора.",
        "Turn on auto-negotiation at the switch port.",
    ),
    Code.SLOW_LINK: Phrase(
        "Смените кабель; снимите жёсткую скорость с порта коммутатора.",
        "Change the cable; take the fixed speed off the switch port.",
    ),
    Code.WRONG_VLAN: Phrase(
        "Исправьте голосовой VLAN порта (LLDP-MED) или network.vlan в профиле.",
        "Correct the port's voice VLAN (LLDP-MED) or network.vlan of the profile.",
    ),
    Code.CLOCK_WRONG: Phrase(
        "Проверьте network.ntp_server в профиле и доступен ли он телефону.",
        "Check network.ntp_server in its profile and that the phone reaches it.",
    ),
    Code.CERTIFICATE_ENDS: Phrase(
        "Выпустите телефону новый сертификат заранее.",
        "Issue a new certificate for the phone in time.",
    ),
    Code.FIRMWARE_WITHDRAWN: Phrase(
        "Обновите сейчас: попросите телефон забрать настройки.",
        "Update it now: ask the phone to fetch its settings.",
    ),
    Code.FIRMWARE_OLD: Phrase(
        "Попросите телефон забрать настройки: версия, которая ему положена, придёт с ними.",
        "Ask the phone to fetch its settings: the version that is due comes with them.",
    ),
    Code.DOWNLOAD_BREAKS: Phrase(
        "Проверьте дорогу от телефона до сервера: фильтры, MTU, ограничение времени соединения.",
        "Check the way from the phone to the server: filters, MTU, limits of connection time.",
    ),
}

WEIGHTS = {
    Weight.FAULT: Phrase("неполадка", "fault"),
    Weight.ATTENTION: Phrase("внимание", "attention"),
    Weight.INFO: Phrase("к сведению", "for information"),
}

SURENESS = {
    Sureness.CERTAIN: Phrase("точно", "certain"),
    Sureness.LIKELY: Phrase("вероятно", "likely"),
    Sureness.POSSIBLE: Phrase("возможно", "possible"),
}

#: A badge (its hue and its words) for a reading in the history.
Badge = tuple[str, Phrase]
_ANSWERED: Badge = ("good", Phrase("ответил", "answered"))
_SILENT: Badge = ("fault", Phrase("нет ответа", "no answer"))
_NOT_ASKED: Badge = ("unknown", Phrase("не спрашивали", "not asked"))
_REFUSED: Badge = ("attention", Phrase("не пускает читать", "does not let us read it"))
_UNCONFIRMED: Badge = ("attention", Phrase("ключ не подтверждён", "its key is not confirmed"))
#: By the code of the failure; any other failure is silence.
_FAILURES = {
    "read-not-allowed": _NOT_ASKED,
    "no-credential": _NOT_ASKED,
    "no-such-reader": _NOT_ASKED,
    "phone-access-denied": _REFUSED,
    "snmp-v3-refused": _REFUSED,
    "ssh-key-unknown": _UNCONFIRMED,
    "certificate-unknown": _UNCONFIRMED,
    "ssh-key-changed": ("fault", Phrase("другой ключ SSH", "another SSH key")),
    "certificate-changed": ("fault", Phrase("другой сертификат", "another certificate")),
    "phone-unexpected-answer": ("fault", Phrase("ответил не то", "answered wrongly")),
}


def outcome(failure: str | None, *, answered: bool) -> Badge:
    """What a reading came to: `failure` is the code of its error, where it had one."""
    return _ANSWERED if answered else _FAILURES.get(failure or "", _SILENT)
