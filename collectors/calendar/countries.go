package calendar

import (
	"github.com/rickar/cal/v2"
	"github.com/rickar/cal/v2/ar"
	"github.com/rickar/cal/v2/at"
	"github.com/rickar/cal/v2/au"
	"github.com/rickar/cal/v2/be"
	"github.com/rickar/cal/v2/bg"
	"github.com/rickar/cal/v2/br"
	"github.com/rickar/cal/v2/ca"
	"github.com/rickar/cal/v2/ch"
	"github.com/rickar/cal/v2/cy"
	"github.com/rickar/cal/v2/cz"
	"github.com/rickar/cal/v2/de"
	"github.com/rickar/cal/v2/dk"
	"github.com/rickar/cal/v2/ecb"
	"github.com/rickar/cal/v2/ee"
	"github.com/rickar/cal/v2/es"
	"github.com/rickar/cal/v2/fi"
	"github.com/rickar/cal/v2/fr"
	"github.com/rickar/cal/v2/gb"
	"github.com/rickar/cal/v2/gr"
	"github.com/rickar/cal/v2/hr"
	"github.com/rickar/cal/v2/hu"
	"github.com/rickar/cal/v2/ie"
	"github.com/rickar/cal/v2/is"
	"github.com/rickar/cal/v2/it"
	"github.com/rickar/cal/v2/jp"
	"github.com/rickar/cal/v2/ke"
	"github.com/rickar/cal/v2/lt"
	"github.com/rickar/cal/v2/lu"
	"github.com/rickar/cal/v2/lv"
	"github.com/rickar/cal/v2/mt"
	"github.com/rickar/cal/v2/mw"
	"github.com/rickar/cal/v2/mx"
	"github.com/rickar/cal/v2/nc"
	"github.com/rickar/cal/v2/nl"
	"github.com/rickar/cal/v2/no"
	"github.com/rickar/cal/v2/nz"
	"github.com/rickar/cal/v2/pl"
	"github.com/rickar/cal/v2/pt"
	"github.com/rickar/cal/v2/ro"
	"github.com/rickar/cal/v2/rs"
	"github.com/rickar/cal/v2/ru"
	"github.com/rickar/cal/v2/se"
	"github.com/rickar/cal/v2/si"
	"github.com/rickar/cal/v2/sk"
	"github.com/rickar/cal/v2/th"
	"github.com/rickar/cal/v2/ua"
	"github.com/rickar/cal/v2/us"
	"github.com/rickar/cal/v2/za"
)

// days are the public holidays of a country or of a part of it.
type days = []*cal.Holiday

// country holds the holidays of a whole country, nil where it has none in
// common, and those of its parts, each complete in itself.
type country struct {
	whole days
	parts map[string]days
}

// countries are all that there are, by ISO 3166 code (ECB is the calendar of the
// European Central Bank). It is made when it is asked for: linking the packages
// costs a start a tenth of a millisecond.
func countries() map[string]country {
	return map[string]country{
		"AR": {whole: ar.Holidays},
		"AT": {whole: at.Holidays},
		"AU": {whole: nil, parts: map[string]days{
			"ACT": au.HolidaysACT, "NSW": au.HolidaysNSW, "NT": au.HolidaysNT, "QLD": au.HolidaysQLD,
			"SA": au.HolidaysSA, "TAS": au.HolidaysTAS, "VIC": au.HolidaysVIC, "WA": au.HolidaysWA,
		}},
		"BE": {whole: be.Holidays},
		"BG": {whole: bg.Holidays},
		"BR": {whole: br.Holidays},
		"CA": {whole: ca.Holidays},
		"CH": {whole: ch.Holidays, parts: map[string]days{
			"ZH": ch.HolidaysZH, "BE": ch.HolidaysBE, "LU": ch.HolidaysLU, "UR": ch.HolidaysUR,
			"SZ": ch.HolidaysSZ, "OW": ch.HolidaysOW, "NW": ch.HolidaysNW, "GL": ch.HolidaysGL,
			"ZG": ch.HolidaysZG, "FR": ch.HolidaysFR, "SO": ch.HolidaysSO, "BS": ch.HolidaysBS,
			"BL": ch.HolidaysBL, "SH": ch.HolidaysSH, "AR": ch.HolidaysAR, "AI": ch.HolidaysAI,
			"SG": ch.HolidaysSG, "GR": ch.HolidaysGR, "AG": ch.HolidaysAG, "TG": ch.HolidaysTG,
			"VD": ch.HolidaysVD, "TI": ch.HolidaysTI, "VS": ch.HolidaysVS, "NE": ch.HolidaysNE,
			"GE": ch.HolidaysGE, "JU": ch.HolidaysJU,
		}},
		"CY": {whole: cy.Holidays},
		"CZ": {whole: cz.Holidays},
		"DE": {whole: de.Holidays, parts: map[string]days{
			"BW": de.HolidaysBW, "BY": de.HolidaysBY, "BE": de.HolidaysBE, "BB": de.HolidaysBB,
			"HB": de.HolidaysHB, "HH": de.HolidaysHH, "HE": de.HolidaysHE, "MV": de.HolidaysMV,
			"NI": de.HolidaysNI, "NW": de.HolidaysNW, "RP": de.HolidaysRP, "SL": de.HolidaysSL,
			"SN": de.HolidaysSN, "ST": de.HolidaysST, "SH": de.HolidaysSH, "TH": de.HolidaysTH,
		}},
		"DK":  {whole: dk.Holidays},
		"ECB": {whole: ecb.Holidays},
		"EE":  {whole: ee.Holidays},
		"ES":  {whole: es.Holidays},
		"FI":  {whole: fi.Holidays},
		"FR":  {whole: fr.Holidays},
		"GB":  {whole: gb.Holidays},
		"GR":  {whole: gr.Holidays},
		"HR":  {whole: hr.Holidays},
		"HU":  {whole: hu.Holidays},
		"IE":  {whole: ie.Holidays},
		"IS":  {whole: is.Holidays},
		"IT":  {whole: it.Holidays},
		"JP":  {whole: jp.Holidays},
		"KE":  {whole: ke.Holidays},
		"LT":  {whole: lt.Holidays},
		"LU":  {whole: lu.Holidays},
		"LV":  {whole: lv.Holidays},
		"MT":  {whole: mt.Holidays},
		"MW":  {whole: mw.Holidays},
		"MX":  {whole: mx.Holidays},
		"NC":  {whole: nc.Holidays},
		"NL":  {whole: nl.Holidays},
		"NO":  {whole: no.Holidays},
		"NZ":  {whole: nz.Holidays},
		"PL":  {whole: pl.Holidays},
		"PT":  {whole: pt.Holidays},
		"RO":  {whole: ro.Holidays},
		"RS":  {whole: rs.Holidays},
		"RU":  {whole: ru.Holidays},
		"SE":  {whole: se.Holidays},
		"SI":  {whole: si.Holidays},
		"SK":  {whole: sk.Holidays},
		"TH":  {whole: th.Holidays},
		"UA":  {whole: ua.Holidays},
		"US":  {whole: us.Holidays},
		"ZA":  {whole: za.Holidays},
	}
}
